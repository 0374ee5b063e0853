// Package awsenv gives the SDK's configuration as Lambda's environment has it:
// what config.LoadDefaultConfig gives there, without what it would look for
// elsewhere. Profiles, SSO, web identities, processes and the instance metadata
// service are a tenth of a whole binary, and Lambda has none of them. It imports
// the SDK alone.
package awsenv

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/credentials/endpointcreds"
	"github.com/aws/smithy-go/logging"
)

const (
	// containerHost is where a relative URI of container credentials leads
	// ("Container credential provider", AWS SDKs and Tools Reference Guide).
	containerHost = "http://169.254.170.2"
	// containerWindow is how long before their expiry container credentials are
	// replaced; it is the SDK's own.
	containerWindow = 5 * time.Minute
	// compressFrom is the SDK's own default, in bytes.
	compressFrom = 10240
)

// ErrNoCredentials is an environment that names no credentials. Lambda's always
// does.
var ErrNoCredentials = errors.New("the environment has no AWS credentials: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_CONTAINER_CREDENTIALS_FULL_URI")

// Load reads the process's environment, by the SDK's own code, into the SDK's
// configuration, for clients that send through the client given. Its error is
// [ErrNoCredentials], or that of a variable with a value that the SDK does not
// take, or of a CA bundle that cannot be used. It asks nobody anything.
func Load(client *awshttp.BuildableClient) (aws.Config, error) {
	environment, err := config.NewEnvConfig()
	if err != nil {
		return aws.Config{}, err
	}
	if environment.CustomCABundle != "" {
		if client, err = trusting(client, environment.CustomCABundle); err != nil {
			return aws.Config{}, err
		}
	}
	loaded := aws.Config{
		Region:                      environment.Region,
		HTTPClient:                  client,
		Logger:                      logging.Nop{},
		RetryMaxAttempts:            environment.RetryMaxAttempts,
		RetryMode:                   environment.RetryMode,
		AppID:                       environment.AppID,
		DisableRequestCompression:   aws.ToBool(environment.DisableRequestCompression),
		DisableClockSkewCorrection:  aws.ToBool(environment.DisableClockSkewCorrection),
		RequestMinCompressSizeBytes: compressFrom,
		AuthSchemePreference:        environment.AuthSchemePreference,
		DefaultsMode:                or(environment.DefaultsMode, aws.DefaultsModeLegacy),
		AccountIDEndpointMode:       or(environment.AccountIDEndpointMode, aws.AccountIDEndpointModePreferred),
		RequestChecksumCalculation:  or(environment.RequestChecksumCalculation, aws.RequestChecksumCalculationWhenSupported),
		ResponseChecksumValidation:  or(environment.ResponseChecksumValidation, aws.ResponseChecksumValidationWhenSupported),
		RestrictFilePermissions:     or(environment.RestrictFilePermissions, aws.RestrictFilePermissionsUserReadWrite),
		// Clients read the endpoints of their services from here, and whether
		// they are to be of the FIPS or the dual-stack kind.
		ConfigSources: []any{environment},
	}
	if environment.RequestMinCompressSizeBytes != nil {
		loaded.RequestMinCompressSizeBytes = *environment.RequestMinCompressSizeBytes
	}
	if environment.BaseEndpoint != "" && !aws.ToBool(environment.IgnoreConfiguredEndpoints) {
		loaded.BaseEndpoint = &environment.BaseEndpoint
	}
	if loaded.DefaultsMode == aws.DefaultsModeAuto {
		loaded.RuntimeEnvironment = aws.RuntimeEnvironment{
			EnvironmentIdentifier: aws.ExecutionEnvironmentID(os.Getenv("AWS_EXECUTION_ENV")),
			Region:                environment.Region,
		}
	}
	loaded.Credentials, err = credentialsOf(environment)
	return loaded, err
}

// or is the value, or the other where there is none.
func or[T comparable](value, other T) T {
	var none T
	if value == none {
		return other
	}
	return value
}

// trusting is the client that trusts the authorities of a bundle, and no others.
func trusting(client *awshttp.BuildableClient, bundle string) (*awshttp.BuildableClient, error) {
	text, err := os.ReadFile(bundle)
	if err != nil {
		return nil, fmt.Errorf("AWS_CA_BUNDLE: %w", err)
	}
	authorities := x509.NewCertPool()
	if !authorities.AppendCertsFromPEM(text) {
		return nil, errors.New("AWS_CA_BUNDLE: the file holds no certificate")
	}
	return client.WithTransportOptions(func(transport *http.Transport) {
		if transport.TLSClientConfig == nil {
			transport.TLSClientConfig = &tls.Config{MinVersion: tls.VersionTLS12}
		}
		transport.TLSClientConfig.RootCAs = authorities
	}), nil
}

// credentialsOf gives the credentials that the environment holds or points to:
// the keys that Lambda gives a function, or the endpoint that it gives one that
// was restored from a snapshot.
func credentialsOf(environment config.EnvConfig) (aws.CredentialsProvider, error) {
	switch {
	case environment.Credentials.HasKeys():
		return aws.NewCredentialsCache(credentials.StaticCredentialsProvider{
			Value: environment.Credentials, Source: []aws.CredentialSource{aws.CredentialSourceEnvVars},
		}), nil
	case environment.ContainerCredentialsRelativePath != "":
		return ofContainer(containerHost+environment.ContainerCredentialsRelativePath, environment.ContainerAuthorizationToken), nil
	case environment.ContainerCredentialsEndpoint != "":
		if err := mayBeAsked(environment.ContainerCredentialsEndpoint); err != nil {
			return nil, fmt.Errorf("AWS_CONTAINER_CREDENTIALS_FULL_URI: %w", err)
		}
		return ofContainer(environment.ContainerCredentialsEndpoint, environment.ContainerAuthorizationToken), nil
	default:
		return nil, ErrNoCredentials
	}
}

func ofContainer(endpoint, token string) aws.CredentialsProvider {
	provider := endpointcreds.New(endpoint, func(o *endpointcreds.Options) {
		o.AuthorizationToken = token
		if file := os.Getenv("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"); file != "" {
			o.AuthorizationTokenProvider = endpointcreds.TokenProviderFunc(func() (string, error) {
				text, err := os.ReadFile(file) //nolint:gosec // the file is the operator's to name
				return string(text), err
			})
		}
		o.CredentialSources = []aws.CredentialSource{aws.CredentialSourceHTTP}
	})
	return aws.NewCredentialsCache(provider, func(o *aws.CredentialsCacheOptions) { o.ExpiryWindow = containerWindow })
}

// mayBeAsked keeps the token from going in the clear to anywhere but this
// machine and the addresses where containers get their credentials.
func mayBeAsked(endpoint string) error {
	location, err := url.Parse(endpoint)
	if err != nil || location.Hostname() == "" {
		return errors.New("takes the URL of an endpoint")
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
		return errors.New("takes http only for this machine and for the addresses of container credentials")
	}
}
