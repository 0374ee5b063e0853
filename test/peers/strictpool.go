package peers

import (
	"bytes"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
)

// StrictPool is one user pool and one function. It stores the JSON that it receives,
// and resets what an update leaves out, as Cognito does and moto does not.
type StrictPool struct {
	// URL is the endpoint of Cognito and of Lambda.
	URL string

	mu     sync.Mutex
	pool   map[string]any
	mfa    map[string]any
	fails  string
	onRead func(reads int, pool map[string]any)
	reads  int
	writes []string
}

// describedOnly are fields that DescribeUserPool gives and UpdateUserPool does not take.
func describedOnly() []string {
	return []string{"Id", "Name", "Arn", "SchemaAttributes", "EstimatedNumberOfUsers", "UsernameAttributes", "LastModifiedDate"}
}

// StartStrictPool starts a pool that is described by these JSON objects, as
// DescribeUserPool and GetUserPoolMfaConfig answer.
func StartStrictPool(t *testing.T, pool, mfa string) *StrictPool {
	t.Helper()
	s := &StrictPool{pool: decoded(t, pool), mfa: decoded(t, mfa)}
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	s.URL = server.URL
	return s
}

func decoded(t *testing.T, text string) map[string]any {
	t.Helper()
	object, err := decodeObject([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return object
}

// decodeObject decodes JSON and keeps numbers as they are written.
func decodeObject(text []byte) (map[string]any, error) {
	var object map[string]any
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	err := decoder.Decode(&object)
	return object, err
}

// Settings returns copies of the pool and of its MFA configuration, without the time
// of the last change, and the operations that wrote.
func (s *StrictPool) Settings() (pool, mfa map[string]any, writes []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	pool = copied(s.pool)
	delete(pool, "LastModifiedDate")
	return pool, copied(s.mfa), append(writes, s.writes...)
}

func copied(object map[string]any) map[string]any {
	text, err := json.Marshal(object)
	if err != nil {
		return nil
	}
	again, _ := decodeObject(text) // it was encoded here
	return again
}

// OnRead calls the function before each DescribeUserPool. It may change the pool.
func (s *StrictPool) OnRead(change func(reads int, pool map[string]any)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.onRead = change
}

// Fail lets UpdateUserPool fail with this code.
func (s *StrictPool) Fail(code string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fails = code
}

// ServeHTTP implements [http.Handler].
func (s *StrictPool) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, operation, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
	if operation == "" {
		s.function(w, r)
		return
	}
	w.Header().Set("Content-Type", "application/x-amz-json-1.1")
	body, _ := io.ReadAll(r.Body)
	input, err := decodeObject(body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	var answer any = map[string]any{}
	switch operation {
	case "DescribeUserPool":
		s.reads++
		if s.onRead != nil {
			s.onRead(s.reads, s.pool)
		}
		answer = map[string]any{"UserPool": s.pool}
	case "GetUserPoolMfaConfig":
		answer = s.mfa
	case "ListUserPoolClients":
		answer = map[string]any{"UserPoolClients": []any{}}
	case "UpdateUserPool":
		if s.fails != "" {
			w.WriteHeader(http.StatusBadRequest)
			answer = map[string]any{"__type": s.fails, "message": "no"}
			break
		}
		s.update(input)
	case "SetUserPoolMfaConfig":
		s.writes = append(s.writes, operation)
		delete(input, "UserPoolId")
		s.mfa = input
	default:
		w.WriteHeader(http.StatusBadRequest)
		answer = map[string]any{"__type": "UnknownOperationException", "message": operation}
	}
	_ = json.NewEncoder(w).Encode(answer)
}

// update keeps what only DescribeUserPool gives, and nothing else of the old pool.
// The MFA configuration goes back to what it is in a new pool.
func (s *StrictPool) update(input map[string]any) {
	s.writes = append(s.writes, "UpdateUserPool")
	stored := make(map[string]any)
	for _, name := range describedOnly() {
		if value, there := s.pool[name]; there {
			stored[name] = value
		}
	}
	delete(input, "UserPoolId")
	delete(input, "PoolName")
	maps.Copy(stored, input)
	if _, there := stored["LastModifiedDate"]; there {
		stored["LastModifiedDate"] = json.Number("1800000000.5")
	}
	s.pool, s.mfa = stored, map[string]any{"MfaConfiguration": "OFF"}
}

// function answers for Lambda: any function is there, and Cognito may invoke it for
// the pool.
func (s *StrictPool) function(w http.ResponseWriter, r *http.Request) {
	const arn = "arn:aws:lambda:us-east-1:111111111111:function:user-migration"
	w.Header().Set("Content-Type", "application/json")
	var answer any = map[string]any{"FunctionName": "user-migration", "FunctionArn": arn, "State": "Active", "PackageType": "Image"}
	if strings.HasSuffix(r.URL.Path, "/policy") {
		document, _ := json.Marshal(map[string]any{"Version": "2012-10-17", "Statement": []any{map[string]any{
			"Effect": "Allow", "Principal": map[string]any{"Service": "cognito-idp.amazonaws.com"}, "Action": "lambda:InvokeFunction", "Resource": arn,
			"Condition": map[string]any{
				"ArnLike": map[string]any{"AWS:SourceArn": s.pool["Arn"]}, "StringEquals": map[string]any{"AWS:SourceAccount": "111111111111"},
			},
		}}})
		answer = map[string]any{"Policy": string(document)}
	}
	_ = json.NewEncoder(w).Encode(answer)
}
