package awssetup

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"

	"cognito-user-migration/ports/setup"

	awsconfig "github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/credentials/ssocreds"
	"github.com/aws/smithy-go"
)

// slow is an error of the network that took too long.
type slow struct{}

func (slow) Error() string   { return "i/o timeout" }
func (slow) Timeout() bool   { return true }
func (slow) Temporary() bool { return true }

// TestErrorsSayWhatToDo: each kind of failure has one remedy, and a timeout is not
// a wrong profile.
func TestErrorsSayWhatToDo(t *testing.T) {
	t.Parallel()
	answer := func(code string) error { return &smithy.GenericAPIError{Code: code, Message: "said so"} }
	for name, row := range map[string]struct {
		err  error
		kind error
	}{
		"an expired token":               {answer("ExpiredTokenException"), setup.ErrExpired},
		"an expired token of STS":        {answer("ExpiredToken"), setup.ErrExpired},
		"an unknown key":                 {answer("InvalidClientTokenId"), setup.ErrRejected},
		"an unknown key of Cognito":      {answer("UnrecognizedClientException"), setup.ErrRejected},
		"a wrong secret key":             {answer("SignatureDoesNotMatch"), setup.ErrRejected},
		"a session that has ended":       {fmt.Errorf("operation error: %w", &ssocreds.InvalidTokenError{Err: errors.New("old")}), setup.ErrExpired},
		"no keys":                        {fmt.Errorf("operation error: %w", &credentials.StaticCredentialsEmptyError{}), setup.ErrNoCredentials},
		"no metadata service":            {errors.New("failed to refresh cached credentials, no EC2 IMDS role found"), setup.ErrNoCredentials},
		"no region":                      {errors.New("resolve endpoint: Invalid Configuration: Missing Region"), setup.ErrNoRegion},
		"nobody there":                   {fmt.Errorf("dial: %w", &net.OpError{Op: "dial", Err: errors.New("connection refused")}), setup.ErrUnreachable},
		"a name that cannot be resolved": {&net.DNSError{Err: "no such host"}, setup.ErrUnreachable},
		"a network that is slow":         {fmt.Errorf("send: %w", slow{}), context.DeadlineExceeded},
		"the caller's own deadline":      {context.DeadlineExceeded, context.DeadlineExceeded},
		"not permitted":                  {answer("AccessDeniedException"), setup.ErrNotPermitted},
		"not there":                      {answer("ResourceNotFoundException"), setup.ErrNotFound},
	} {
		got := classify(t.Context(), "DescribeUserPool", row.err)
		if !errors.Is(got, row.kind) || !strings.HasPrefix(got.Error(), "DescribeUserPool: ") {
			t.Errorf("%s: %v", name, got)
		}
		depends := errors.Is(row.kind, setup.ErrNotPermitted) || errors.Is(row.kind, setup.ErrNotFound)
		if remedy := setup.RemedyOf(got); (remedy == "") != depends || errors.Is(row.kind, context.DeadlineExceeded) && strings.Contains(remedy, "profile") {
			t.Errorf("%s: the remedy is %q", name, remedy)
		}
	}
	if got := configurationFault("old", awsconfig.SharedConfigProfileNotExistError{Profile: "old"}); !errors.Is(got, setup.ErrNoProfile) || !strings.Contains(got.Error(), `"old"`) {
		t.Errorf("an unknown profile: %v", got)
	}
}
