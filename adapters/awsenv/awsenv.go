// Package awsenv loads the SDK's configuration from Lambda's environment, with
// the same result as config.LoadDefaultConfig. It does not support profiles,
// SSO, web identities, processes and the instance metadata service. Lambda has
// none of them, and their code is a tenth of the binary. It imports the SDK and
// awsclient.
package awsenv

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"math"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"cognito-user-migration/adapters/internal/awsclient"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/credentials/endpointcreds"
	"github.com/aws/smithy-go/logging"
)

const (
	// containerHost is the host of a relative URI of container credentials
	// ("Container credential provider", AWS SDKs and Tools Reference Guide).
	containerHost = "http://169.254.170.2"
	// containerWindow is how long before expiry container credentials are
	// replaced, as in the SDK.
	containerWindow = 5 * time.Minute
	// compressFrom is the SDK's default, in bytes.
	compressFrom = 10240
	// compressFromMost is the largest value that the SDK accepts.
	compressFromMost = 10 << 20
)

// ErrNoCredentials is the error for an environment without credentials. Lambda
// always sets them.
var ErrNoCredentials = errors.New("the environment has no AWS credentials; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_CONTAINER_CREDENTIALS_FULL_URI (only migratectl reads profiles, SSO and instance metadata)")

// Config loads the configuration for clients that use the project's own HTTP
// client. See [Load].
func Config(context.Context) (aws.Config, error) {
	return Load(awsclient.NewHTTPClient())
}

// Load loads the process's environment into the SDK's configuration, for
// clients that use the given HTTP client. It returns [ErrNoCredentials], or an
// error that lists every invalid variable, or the fault of the CA bundle. It
// makes no call.
func Load(client *awshttp.BuildableClient) (aws.Config, error) {
	var r reader
	loaded := aws.Config{
		Region:                      cmp.Or(os.Getenv("AWS_REGION"), os.Getenv("AWS_DEFAULT_REGION")),
		Logger:                      logging.Nop{},
		AppID:                       os.Getenv("AWS_SDK_UA_APP_ID"),
		RetryMaxAttempts:            int(r.number("AWS_MAX_ATTEMPTS", math.MinInt32, math.MaxInt32, 0)),
		RetryMode:                   r.retryMode(),
		DefaultsMode:                r.defaultsMode(),
		DisableRequestCompression:   r.is("AWS_DISABLE_REQUEST_COMPRESSION"),
		RequestMinCompressSizeBytes: r.number("AWS_REQUEST_MIN_COMPRESSION_SIZE_BYTES", 0, compressFromMost, compressFrom),
		DisableClockSkewCorrection:  r.is("AWS_DISABLE_CLOCK_SKEW_CORRECTION"),
		AuthSchemePreference:        schemes(),
		AccountIDEndpointMode: cmp.Or(
			choice[aws.AccountIDEndpointMode](&r, "AWS_ACCOUNT_ID_ENDPOINT_MODE", aws.AccountIDEndpointModePreferred, aws.AccountIDEndpointModeRequired, aws.AccountIDEndpointModeDisabled),
			aws.AccountIDEndpointModePreferred),
		RequestChecksumCalculation: map[string]aws.RequestChecksumCalculation{
			"": aws.RequestChecksumCalculationWhenSupported, "when_supported": aws.RequestChecksumCalculationWhenSupported,
			"when_required": aws.RequestChecksumCalculationWhenRequired,
		}[choice(&r, "AWS_REQUEST_CHECKSUM_CALCULATION", "when_supported", "when_required")],
		ResponseChecksumValidation: map[string]aws.ResponseChecksumValidation{
			"": aws.ResponseChecksumValidationWhenSupported, "when_supported": aws.ResponseChecksumValidationWhenSupported,
			"when_required": aws.ResponseChecksumValidationWhenRequired,
		}[choice(&r, "AWS_RESPONSE_CHECKSUM_VALIDATION", "when_supported", "when_required")],
		RestrictFilePermissions: cmp.Or(
			choice[aws.RestrictFilePermissions](&r, "AWS_RESTRICT_FILE_PERMISSIONS", aws.RestrictFilePermissionsUserReadWrite, aws.RestrictFilePermissionsUnrestricted),
			aws.RestrictFilePermissionsUserReadWrite),
	}
	services := endpoints{
		ignore:    r.is("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"),
		dualStack: choice(&r, "AWS_USE_DUALSTACK_ENDPOINT", "true", "false"),
		fips:      choice(&r, "AWS_USE_FIPS_ENDPOINT", "true", "false"),
		discovery: choice(&r, "AWS_ENABLE_ENDPOINT_DISCOVERY", "true", "false", "auto"),
	}
	loaded.ConfigSources = []any{services}
	if endpoint := os.Getenv("AWS_ENDPOINT_URL"); endpoint != "" && !services.ignore {
		loaded.BaseEndpoint = &endpoint
	}
	if loaded.DefaultsMode == aws.DefaultsModeAuto {
		loaded.RuntimeEnvironment = aws.RuntimeEnvironment{
			EnvironmentIdentifier: aws.ExecutionEnvironmentID(os.Getenv("AWS_EXECUTION_ENV")),
			Region:                loaded.Region,
		}
	}
	if bundle := os.Getenv("AWS_CA_BUNDLE"); bundle != "" {
		trusted, err := trusting(client, bundle)
		if err != nil {
			r.problems = append(r.problems, err)
		}
		client = trusted
	}
	loaded.HTTPClient = client
	own, err := ownCredentials()
	if err != nil {
		r.problems = append(r.problems, err)
	}
	if len(r.problems) > 0 {
		return aws.Config{}, errors.Join(r.problems...)
	}
	loaded.Credentials = own
	return loaded, nil
}

// trusting returns a client that trusts only the certificates in the bundle.
func trusting(client *awshttp.BuildableClient, bundle string) (*awshttp.BuildableClient, error) {
	text, err := os.ReadFile(bundle) //nolint:gosec // the operator chooses the file
	if err != nil {
		return nil, fmt.Errorf("AWS_CA_BUNDLE: %w", err)
	}
	authorities := x509.NewCertPool()
	if !authorities.AppendCertsFromPEM(text) {
		return nil, errors.New("AWS_CA_BUNDLE: the file has no certificate; expected certificates in PEM")
	}
	return client.WithTransportOptions(func(transport *http.Transport) {
		if transport.TLSClientConfig == nil {
			transport.TLSClientConfig = &tls.Config{MinVersion: tls.VersionTLS12}
		}
		transport.TLSClientConfig.RootCAs = authorities
	}), nil
}

// ownCredentials returns the credentials in the environment. Lambda sets access
// keys or, in a function restored from a snapshot, an endpoint.
func ownCredentials() (aws.CredentialsProvider, error) {
	path, endpoint := os.Getenv("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"), os.Getenv("AWS_CONTAINER_CREDENTIALS_FULL_URI")
	held := keys()
	switch {
	case held.HasKeys():
		return aws.NewCredentialsCache(credentials.StaticCredentialsProvider{
			Value: held, Source: []aws.CredentialSource{aws.CredentialSourceEnvVars},
		}), nil
	case path != "":
		return ofContainer(containerHost + path), nil
	case endpoint != "":
		if err := mayBeAsked(endpoint); err != nil {
			return nil, fmt.Errorf("AWS_CONTAINER_CREDENTIALS_FULL_URI: %w", err)
		}
		return ofContainer(endpoint), nil
	default:
		return nil, ErrNoCredentials
	}
}

func ofContainer(endpoint string) aws.CredentialsProvider {
	provider := endpointcreds.New(endpoint, func(o *endpointcreds.Options) {
		o.AuthorizationToken = os.Getenv("AWS_CONTAINER_AUTHORIZATION_TOKEN")
		if file := os.Getenv("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"); file != "" {
			o.AuthorizationTokenProvider = endpointcreds.TokenProviderFunc(func() (string, error) {
				text, err := os.ReadFile(file) //nolint:gosec // the operator chooses the file
				return string(text), err
			})
		}
		o.CredentialSources = []aws.CredentialSource{aws.CredentialSourceHTTP}
	})
	return aws.NewCredentialsCache(provider, func(o *aws.CredentialsCacheOptions) { o.ExpiryWindow = containerWindow })
}

// mayBeAsked rejects endpoints to which the token would be sent without TLS,
// except this machine and the addresses of container credentials.
func mayBeAsked(endpoint string) error {
	location, err := url.Parse(endpoint)
	if err != nil || location.Hostname() == "" {
		return errors.New("expected the URL of an endpoint")
	}
	if location.Scheme != "http" {
		return nil
	}
	host := location.Hostname()
	address := net.ParseIP(host)
	switch {
	case strings.EqualFold(host, "localhost"), address.IsLoopback():
		return nil
	case address != nil && (address.Equal(net.IPv4(169, 254, 170, 2)) || address.Equal(net.IPv4(169, 254, 170, 23)) || address.Equal(net.ParseIP("fd00:ec2::23"))):
		return nil
	default:
		return errors.New("expected an https URL; http is allowed only for loopback and container credential addresses")
	}
}
