/* Keys made for these tests; they guard nothing. */
#pragma once

#define ED25519_PRIVATE                                                                                                \
    "-----BEGIN PRIVATE KEY-----\n"                                                                                    \
    "MC4CAQAwBQYDK2VwBCIEII9DJoUv5mZ6B5IoEC3vJsg58ZpLI26Vk7GvZp7I36I/\n"                                               \
    "-----END PRIVATE KEY-----\n"
#define ED25519_PUBLIC                                                                                                 \
    "-----BEGIN PUBLIC KEY-----\n"                                                                                     \
    "MCowBQYDK2VwAyEAJsrSrjHcF31rxhlku1hGYWMYLKz0fVPnORmkxXXJ+yY=\n"                                                   \
    "-----END PUBLIC KEY-----\n"
#define P256_PRIVATE                                                                                                   \
    "-----BEGIN PRIVATE KEY-----\n"                                                                                    \
    "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgq+ATinG5gwvLXpzS\n"                                               \
    "Gmw7Pm8RqJmiKCMmzwUHTzBzsK6hRANCAAT1vI03dq9priaKk+iBNIhDsyLUpfch\n"                                               \
    "OSdH2moa98VUYDR0AjWlk3X62UHO0YJyhpj6zPEwdu5HqJ3HR0qkwDrA\n"                                                       \
    "-----END PRIVATE KEY-----\n"
#define P256_PUBLIC                                                                                                    \
    "-----BEGIN PUBLIC KEY-----\n"                                                                                     \
    "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE9byNN3avaa4mipPogTSIQ7Mi1KX3\n"                                               \
    "ITknR9pqGvfFVGA0dAI1pZN1+tlBztGCcoaY+szxMHbuR6idx0dKpMA6wA==\n"                                                   \
    "-----END PUBLIC KEY-----\n"
#define P521_PRIVATE                                                                                                   \
    "-----BEGIN PRIVATE KEY-----\n"                                                                                    \
    "MIHuAgEAMBAGByqGSM49AgEGBSuBBAAjBIHWMIHTAgEBBEIA3j1nCfXx96OZ6lTm\n"                                               \
    "kDhL9IxG7sTcOksBNvnb5/d2GLfhNSKLnPxnXNt0lqztENV+JgNusD2SyZwQRO+x\n"                                               \
    "r0+1q8WhgYkDgYYABACVlpC6qQWfzW/2utV/TsiNTF79fSnDdW37BW6LAkjloUok\n"                                               \
    "iQF5V1Lca0pqHHfYFc4lLNl5+W8AOgBUUic2etNTcwHnv9hmqcRvRrSzV06qh7z+\n"                                               \
    "CPv53bCHy4mUWjxdwmQMBV01Ei6qoQsUSl8RTN3DgysqLIJ9pEvagFQks5U2mc+n\n"                                               \
    "3g==\n"                                                                                                           \
    "-----END PRIVATE KEY-----\n"
