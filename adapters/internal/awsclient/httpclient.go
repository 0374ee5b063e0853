package awsclient

import (
	"crypto/tls"
	"net/http"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
)

// NewHTTPClient returns the HTTP client of the SDK. It is made from the SDK's
// own, because AWS_CA_BUNDLE works with no other.
func NewHTTPClient() *awshttp.BuildableClient {
	return awshttp.NewBuildableClient().WithTransportOptions(func(transport *http.Transport) {
		// A connection that the service closed in the meantime is opened again
		// without a whole handshake.
		transport.TLSClientConfig.ClientSessionCache = tls.NewLRUClientSessionCache(0)
	})
}
