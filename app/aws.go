package app

import (
	"crypto/tls"
	"net/http"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
)

// newAWSClient makes the HTTP client of the SDK. It is built from the SDK's own,
// because one that is not fails where AWS_CA_BUNDLE is set.
func newAWSClient() *awshttp.BuildableClient {
	return awshttp.NewBuildableClient().WithTransportOptions(func(transport *http.Transport) {
		// A connection that the service closed meanwhile is opened again
		// without a whole handshake.
		transport.TLSClientConfig.ClientSessionCache = tls.NewLRUClientSessionCache(0)
	})
}
