#include "cli/main.h"

int main(int argc, char **argv)
{
    return tl_main(argc, argv);
}
