package awsclient_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"cognito-user-migration/adapters/internal/awsclient"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
)

func TestAPasswordDoesNotFollowARedirect(t *testing.T) {
	t.Parallel()
	for _, status := range []int{http.StatusTemporaryRedirect, http.StatusPermanentRedirect, http.StatusFound} {
		elsewhere := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			t.Errorf("%s %s arrived elsewhere", r.Method, r.URL)
		}))
		t.Cleanup(elsewhere.Close)
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Location", elsewhere.URL)
			w.WriteHeader(status)
		}))
		t.Cleanup(server.Close)
		request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL, strings.NewReader("password"))
		if err != nil {
			t.Fatal(err)
		}
		response, err := awsclient.Over(awshttp.NewBuildableClient()).Do(request)
		if err != nil {
			t.Fatal(err)
		}
		if err := response.Body.Close(); err != nil || response.StatusCode != status {
			t.Errorf("got %d, %v", response.StatusCode, err)
		}
	}
}
