package awsfault_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"cognito-user-migration/adapters/internal/awsfault"
	"cognito-user-migration/ports"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

const canary = "User canary-77aa@example.com is not authorized"

// answered is the SDK's error for a response with this status and code. Its message
// repeats what was sent.
func answered(status int, code string) error {
	return &smithy.OperationError{ServiceID: "S", OperationName: "O", Err: &awshttp.ResponseError{
		ResponseError: &smithyhttp.ResponseError{
			Response: &smithyhttp.Response{Response: &http.Response{StatusCode: status}},
			Err:      &smithy.GenericAPIError{Code: code, Message: canary},
		},
		RequestID: "aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee",
	}}
}

// of gives the fault that an error is, and holds that it repeats no message.
func of(t *testing.T, err error) error {
	t.Helper()
	got := awsfault.Of(t.Context(), "adapter", "Operation", err)
	for _, text := range []string{got.Error(), fmt.Sprintf("%+v", got), fmt.Sprintf("%#v", got)} {
		if strings.Contains(text, "canary") || strings.Contains(text, "authorized") {
			t.Errorf("it repeats the service's message: %s", text)
		}
	}
	return got
}

func TestWhatAnAnswerOfAServiceMeans(t *testing.T) {
	t.Parallel()
	throttled, unreachable, misconfigured := ports.ErrThrottled, ports.ErrUnreachable, ports.ErrMisconfigured
	for _, row := range []struct {
		status int
		code   string
		want   error
	}{
		{400, "TooManyRequestsException", throttled},
		{400, "LimitExceededException", throttled},
		{400, "ThrottlingException", throttled},
		{400, "Throttling", throttled},
		{400, "RequestThrottled", throttled},
		{400, "KmsThrottled", throttled},
		{503, "SlowDown", throttled},
		{429, "Strange", throttled},
		{429, "", throttled},
		{400, "InternalErrorException", unreachable},
		{500, "InternalFailure", unreachable},
		{500, "InternalError", unreachable},
		{400, "ServiceUnavailable", unreachable},
		{400, "RequestTimeout", unreachable},
		{400, "IDPCommunicationError", unreachable},
		{400, "UnexpectedLambdaException", unreachable},
		{400, "InvalidLambdaResponseException", unreachable},
		{500, "Strange", unreachable},
		{502, "", unreachable},
		{599, "NotAuthorizedException", unreachable},
		{400, "", unreachable},
		{404, "UnknownError", unreachable},
		{200, "UnknownError", unreachable},
		{400, "NotAuthorizedException", misconfigured},
		{400, "AccessDeniedException", misconfigured},
		{403, "AccessDenied", misconfigured},
		{403, "", misconfigured},
		{401, "UnknownError", misconfigured},
		{400, "ResourceNotFoundException", misconfigured},
		{400, "InvalidParameterException", misconfigured},
		{400, "ExpiredTokenException", misconfigured},
		{400, "UnrecognizedClientException", misconfigured},
		{400, "QueueDoesNotExist", misconfigured},
		{400, "Strange", misconfigured},
		{404, "Strange", misconfigured},
	} {
		t.Run(fmt.Sprintf("%d %s", row.status, row.code), func(t *testing.T) {
			t.Parallel()
			got := of(t, answered(row.status, row.code))
			for _, kind := range []error{throttled, unreachable, misconfigured} {
				if errors.Is(got, kind) != errors.Is(row.want, kind) {
					t.Errorf("got %v, want %v", got, row.want)
				}
			}
			want := "adapter: Operation: "
			if row.code != "" {
				want += row.code + " "
			}
			want = strings.Replace(want+"(request aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee): "+row.want.Error(), ": (", " (", 1)
			if got.Error() != want {
				t.Errorf("it says %q, want %q", got.Error(), want)
			}
		})
	}
}

func TestAnErrorThatNoServiceAnswered(t *testing.T) {
	t.Parallel()
	dial := &net.OpError{Op: "dial", Net: "tcp", Addr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 1}, Err: errors.New("connection refused")}
	for name, row := range map[string]struct {
		err  error
		want error
		text string
	}{
		"nobody was reached":           {&smithy.OperationError{Err: &smithyhttp.RequestSendError{Err: dial}}, ports.ErrUnreachable, "dial tcp 127.0.0.1:1: connection refused"},
		"the connection ended":         {fmt.Errorf("%s: %w", canary, io.ErrUnexpectedEOF), ports.ErrUnreachable, "no answer"},
		"an answer that is no JSON":    {&smithy.DeserializationError{Err: errors.New(canary)}, ports.ErrUnreachable, "no answer"},
		"no credentials, throttled":    {fmt.Errorf("%s: %w", canary, ports.ErrThrottled), ports.ErrThrottled, "no credentials"},
		"no credentials, unreachable":  {fmt.Errorf("%s: %w", canary, ports.ErrUnreachable), ports.ErrUnreachable, "no credentials"},
		"no credentials, turned away":  {fmt.Errorf("%s: %w", canary, ports.ErrMisconfigured), ports.ErrMisconfigured, "no credentials"},
		"an error without a response":  {&smithy.GenericAPIError{Code: "TooManyRequestsException", Message: canary}, ports.ErrThrottled, "TooManyRequestsException"},
		"a code that is a sentence":    {answered(400, canary), ports.ErrMisconfigured, "unknown"},
		"a code that is long":          {answered(400, strings.Repeat("canary", 20)), ports.ErrMisconfigured, "unknown"},
		"a code with a new line in it": {answered(400, "a\ncanary"), ports.ErrMisconfigured, "unknown"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := of(t, row.err); !errors.Is(got, row.want) || !strings.Contains(got.Error(), row.text) {
				t.Errorf("got %v, want %v and %q", got, row.want, row.text)
			}
		})
	}
}

func TestAContextThatEndedIsNoFaultOfTheService(t *testing.T) {
	t.Parallel()
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	late, cancelLate := context.WithTimeout(t.Context(), 0)
	defer cancelLate()
	<-late.Done()
	if got := awsfault.Of(cancelled, "a", "o", answered(400, "TooManyRequestsException")); got != context.Canceled { //nolint:errorlint // as it is, not wrapped
		t.Errorf("got %v", got)
	}
	if got := awsfault.Of(late, "a", "o", io.EOF); got != context.DeadlineExceeded { //nolint:errorlint // as it is, not wrapped
		t.Errorf("got %v", got)
	}
}

func TestAnEmptyAnswerIsAFaultOfTheService(t *testing.T) {
	t.Parallel()
	if got := awsfault.Empty("adapter", "Operation"); !errors.Is(got, ports.ErrUnreachable) || got.Error() != "adapter: Operation: empty answer: unreachable" {
		t.Errorf("got %v", got)
	}
}

func TestTheCodeAndMessageAreReadOfTheServicesErrorsAlone(t *testing.T) {
	t.Parallel()
	if code, message := awsfault.Code(answered(400, "NotAuthorizedException")); code != "NotAuthorizedException" || message != canary {
		t.Errorf("got %q, %q", code, message)
	}
	for _, err := range []error{nil, io.EOF} {
		if code, message := awsfault.Code(err); code != "" || message != "" {
			t.Errorf("%v: got %q, %q", err, code, message)
		}
	}
}

func TestCredentialsThatAreNoLongerTaken(t *testing.T) {
	t.Parallel()
	for code, want := range map[string]bool{
		"ExpiredTokenException": true, "ExpiredToken": true, "UnrecognizedClientException": true, "InvalidSignatureException": true,
		"InvalidClientTokenId": true, "AccessDeniedException": false, "TooManyRequestsException": false, "": false,
	} {
		if got := awsfault.StaleCredentials(of(t, answered(400, code))); got != want {
			t.Errorf("%q: %t, want %t", code, got, want)
		}
	}
	if awsfault.StaleCredentials(nil) || awsfault.StaleCredentials(answered(400, "ExpiredToken")) {
		t.Error("an error that is no fault is taken for one")
	}
}
