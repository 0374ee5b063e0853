package awssetup

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"

	"cognito-user-migration/ports/setup"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsconfig "github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/credentials/ssocreds"
)

// expiredCodes lists the codes for expired credentials ("Common Errors", AWS
// Security Token Service API Reference).
func expiredCodes() []string {
	return []string{"ExpiredToken", "ExpiredTokenException", "RequestExpired"}
}

// rejectedCodes lists the codes for credentials that the service does not know.
func rejectedCodes() []string {
	return []string{"InvalidClientTokenId", "UnrecognizedClientException", "SignatureDoesNotMatch", "InvalidSignatureException", "IncompleteSignature", "MissingAuthenticationToken"}
}

// unanswered says why a call got no answer. The SDK's own texts name its layers. If
// credentials are missing, they complain about an EC2 metadata service.
func unanswered(operation string, err error) error {
	kind := faultOf(err)
	if kind == nil {
		return fmt.Errorf("%s: %w", operation, err)
	}
	if errors.Is(kind, setup.ErrUnreachable) {
		return fmt.Errorf("%s: %w: %s", operation, kind, innermost(err))
	}
	return fmt.Errorf("%s: %w", operation, kind)
}

// WithCredentials returns a configuration that has credentials. err is the error of
// loading the configuration. Without this check, each call of a command would fail as
// if the network were down.
func WithCredentials(ctx context.Context, config aws.Config, err error) (aws.Config, error) {
	if err != nil {
		return aws.Config{}, configurationFault("", err)
	}
	if config.Credentials == nil {
		return aws.Config{}, setup.ErrNoCredentials
	}
	if _, err := config.Credentials.Retrieve(ctx); err != nil {
		return aws.Config{}, unanswered("AWS credentials", err)
	}
	return config, nil
}

// faultOf returns the kind of a failure without an answer. It returns nil if
// [setup.RemedyOf] does not know the failure.
func faultOf(err error) error {
	text := err.Error()
	_, noKeys := errors.AsType[*credentials.StaticCredentialsEmptyError](err)
	_, session := errors.AsType[*ssocreds.InvalidTokenError](err)
	_, noRegion := errors.AsType[*aws.MissingRegionError](err)
	_, network := errors.AsType[net.Error](err)
	_, dial := errors.AsType[*net.OpError](err)
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return context.DeadlineExceeded
	case session, strings.Contains(text, "SSO session has expired"), strings.Contains(text, "SSO token"):
		return setup.ErrExpired
	case noKeys, strings.Contains(text, "no EC2 IMDS role found"), strings.Contains(text, "failed to refresh cached credentials"):
		return setup.ErrNoCredentials
	case noRegion, strings.Contains(text, "Missing Region"), strings.Contains(text, "missing AWS region"):
		return setup.ErrNoRegion
	case network, dial:
		if isTimeout(err) {
			return context.DeadlineExceeded
		}
		return setup.ErrUnreachable
	default:
		return nil
	}
}

func isTimeout(err error) bool {
	failure, ok := errors.AsType[net.Error](err)
	return ok && failure.Timeout()
}

// innermost returns the text of the error at the end of a chain.
func innermost(err error) string {
	for inner := errors.Unwrap(err); inner != nil; inner = errors.Unwrap(err) {
		err = inner
	}
	return err.Error()
}

// refusedCredentials returns the kind of an answer about the caller's own
// credentials, or nil for any other answer.
func refusedCredentials(code string) error {
	switch {
	case slices.Contains(expiredCodes(), code):
		return setup.ErrExpired
	case slices.Contains(rejectedCodes(), code):
		return setup.ErrRejected
	default:
		return nil
	}
}

// configurationFault says what is wrong with the operator's AWS configuration.
func configurationFault(profile string, err error) error {
	if _, unknown := errors.AsType[awsconfig.SharedConfigProfileNotExistError](err); unknown {
		if profile != "" {
			return fmt.Errorf("AWS profile %q: %w", profile, setup.ErrNoProfile)
		}
		return fmt.Errorf("AWS_PROFILE: %w", setup.ErrNoProfile)
	}
	return fmt.Errorf("AWS configuration: %w", err)
}
