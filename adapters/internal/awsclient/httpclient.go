package awsclient

import (
	"crypto/tls"
	"net/http"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
)

// NewHTTPClient returns the SDK's HTTP client with our changes. Only this type
// of client supports AWS_CA_BUNDLE.
func NewHTTPClient() *awshttp.BuildableClient {
	return awshttp.NewBuildableClient().WithTransportOptions(func(transport *http.Transport) {
		// If the service closed a connection, the next one resumes the TLS
		// session instead of a full handshake.
		transport.TLSClientConfig.ClientSessionCache = tls.NewLRUClientSessionCache(0)
	})
}
