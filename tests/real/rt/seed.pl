#!/usr/bin/perl
# A support desk in an empty Request Tracker 5 database; usage: seed.pl DIR. Leaves the integration's token in DIR/token.
use strict;
use warnings;
use RT;

my $dir = shift;
RT->LoadConfig;
RT->Init;
my $system = RT->SystemUser;

sub done { my ($ok, $message) = @_; die "$message\n" unless $ok; return $ok }

my $queue = RT::Queue->new($system);
done($queue->Create(Name => 'Support', Description => 'Support', CorrespondAddress => 'support@acme.example', CommentAddress => 'support-comment@acme.example'));

for my $field (['CaseNo', 'FreeformSingle'], ['OrderNo', 'FreeformSingle'], ['OrderStatus', 'FreeformSingle'], ['Products', 'FreeformMultiple'], ['Tier', 'SelectSingle']) {
    my $custom = RT::CustomField->new($system);
    done($custom->Create(Name => $field->[0], Type => $field->[1], LookupType => 'RT::Queue-RT::Ticket'));
    if ($field->[0] eq 'Tier') { $custom->AddValue(Name => $_) for qw(gold silver bronze) }
    done($custom->AddToObject($queue));
}

# The queue whose tickets are cases (scripts/case-to-resolution/variants/request-tracker).
my $cases = RT::Queue->new($system);
done($cases->Create(Name => 'Cases', Description => 'Cases', CorrespondAddress => 'cases@acme.example', CommentAddress => 'cases-comment@acme.example'));
for my $name (qw(CaseNo OrderNo OrderStatus)) {
    my $shared = RT::CustomField->new($system);
    $shared->LoadByName(Name => $name, LookupType => 'RT::Queue-RT::Ticket', IncludeGlobal => 1, ObjectId => $queue->Id);
    done($shared->AddToObject($cases));
}
for my $name (qw(CaseKind ProductNo Quantity ContextOf ShipmentNo InvoiceNo ReturnNo CreditNoteNo Outcome)) {
    my $custom = RT::CustomField->new($system);
    done($custom->Create(Name => $name, Type => 'FreeformSingle', LookupType => 'RT::Queue-RT::Ticket'));
    done($custom->AddToObject($cases));
}

my $user = RT::User->new($system);
done($user->Create(Name => 'sync', Password => 'sync-password', EmailAddress => 'sync@acme.example', Privileged => 1));
done($user->PrincipalObj->GrantRight(Right => $_, Object => $RT::System))
    for qw(ShowTicket ShowTicketComments CreateTicket ReplyToTicket CommentOnTicket ModifyTicket OwnTicket SeeQueue SeeCustomField ModifyCustomField SetInitialCustomField Watch ManageAuthTokens);
my ($id, $message, $token) = RT::AuthToken->new(RT::CurrentUser->new($user))->Create(Owner => $user->Id, Description => 'Tidelock');
done($id, $message);
open my $file, '>', "$dir/token" or die $!;
print $file $token;
close $file;

# The scrip of plugins/rt/README.md: it runs before RT commits, and what it could not deliver is lost.
my $code = <<'CODE';
require HTTP::Tiny; require JSON;
my $url = RT->Config->Get('TidelockHook') or return 1;
HTTP::Tiny->new(timeout => 2)->post($url, { content => JSON::encode_json({ ticket => $self->TicketObj->Id + 0, transaction => $self->TransactionObj->Id + 0 }),
    headers => { 'Content-Type' => 'application/json', 'X-Tidelock-Token' => RT->Config->Get('TidelockToken') } });
1;
CODE
done(RT::Scrip->new($system)->Create(Description => 'Tidelock', Queue => $_->Id, ScripCondition => 'On Transaction', ScripAction => 'User Defined',
    Template => 'Blank', CustomPrepareCode => 'return 1;', CustomCommitCode => $code, Stage => 'TransactionCreate')) for $queue, $cases;
