package app_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// What is rehearsed at start is seen nowhere: not by the source, not in the log,
// and not in an attempt that comes after, were it of the same name and password.
func TestNothingOfARehearsalIsLeft(t *testing.T) {
	var asked atomic.Int64
	answers := newAnswers()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if target := r.Header.Get("X-Amz-Target"); target != "" {
			asked.Add(1)
			body, _ := io.ReadAll(r.Body)
			status, answer := answers.to(target, bytes.Contains(body, []byte("Right-Password-1")))
			w.WriteHeader(status)
			_, _ = io.WriteString(w, answer)
			return
		}
		_, _ = fmt.Fprintf(w, `<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>A</AccessKeyId><SecretAccessKey>s</SecretAccessKey>`+
			`<SessionToken>t</SessionToken><Expiration>%s</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>`,
			time.Now().Add(15*time.Minute).UTC().Format(time.RFC3339))
	}))
	t.Cleanup(server.Close)
	for name, value := range map[string]string{
		"AWS_REGION": "ap-northeast-1", "AWS_ACCESS_KEY_ID": "A", "AWS_SECRET_ACCESS_KEY": "s", "AWS_ENDPOINT_URL": server.URL,
	} {
		t.Setenv(name, value)
	}
	rehearsed := strings.NewReplacer("Right-Password-1", "rehearsal", "alice", "rehearsal").Replace(signInEvent)
	for _, way := range profiles {
		t.Run(string(way), func(t *testing.T) {
			asked.Store(0)
			var log bytes.Buffer
			handler := startFunction(t, append(cognitoEnvironment(), "SOURCE_PROFILE="+string(way), "AUDIT_HMAC_KEY="+strings.Repeat("k", 32), "AWS_LAMBDA_FUNCTION_NAME=user-migration"), &log)
			if n := asked.Load(); n != 0 || log.Len() > 0 {
				t.Errorf("the start asked the source %d times and logged %s", n, log.String())
			}
			answer, err := handler.Invoke(t.Context(), []byte(rehearsed))
			if err != nil || strings.Contains(string(answer), "CONFIRMED") || asked.Load() == 0 {
				t.Errorf("the source refuses and was asked %d times; the answer is %s, %v", asked.Load(), answer, err)
			}
			asked.Store(0)
			answer, err = handler.Invoke(t.Context(), []byte(signInEvent))
			if err != nil || !strings.Contains(string(answer), "alice@example.com") || strings.Contains(string(answer), "rehearsal") || asked.Load() == 0 {
				t.Errorf("the source was asked %d times; the answer is %s, %v", asked.Load(), answer, err)
			}
			lines := logLines(t, log.String())
			if len(lines) != 2+2 || strings.Contains(log.String(), "rehearsal") { // a record and its metrics each
				t.Errorf("logged %s", log.String())
			}
		})
	}
}
