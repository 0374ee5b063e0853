package awsfault_test

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"cognito-user-migration/ports"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// unread is an answer that the SDK could not read.
func unread(status int) error {
	return &awshttp.ResponseError{ResponseError: &smithyhttp.ResponseError{
		Response: &smithyhttp.Response{Response: &http.Response{StatusCode: status}},
		Err:      &smithy.DeserializationError{Err: errors.New("invalid character '<' of " + canary)},
	}}
}

// Something that stands before the service answered, and its status is all that
// is told.
func TestAnAnswerThatCannotBeReadIsToldByItsStatus(t *testing.T) {
	t.Parallel()
	for status, want := range map[int]error{
		200: ports.ErrUnreachable, 400: ports.ErrUnreachable, 403: ports.ErrUnreachable, 404: ports.ErrUnreachable,
		429: ports.ErrThrottled, 500: ports.ErrUnreachable, 502: ports.ErrUnreachable,
	} {
		if got := of(t, unread(status)); !errors.Is(got, want) || !strings.Contains(got.Error(), ", status "+strconv.Itoa(status)) {
			t.Errorf("%d: %v, want %v", status, got, want)
		}
	}
}

func TestNoAnswerIsCalledNone(t *testing.T) {
	t.Parallel()
	if got := of(t, unread(0)); !errors.Is(got, ports.ErrUnreachable) || !strings.Contains(got.Error(), ": no answer") || strings.Contains(got.Error(), "status") {
		t.Errorf("got %v", got)
	}
}

func TestACertificateThatIsNotTrustedIsNamed(t *testing.T) {
	t.Parallel()
	got := of(t, &smithyhttp.RequestSendError{Err: &tls.CertificateVerificationError{Err: x509.UnknownAuthorityError{}}})
	if !errors.Is(got, ports.ErrUnreachable) || !strings.Contains(got.Error(), "certificate signed by unknown authority") {
		t.Errorf("got %v", got)
	}
}
