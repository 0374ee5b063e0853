package awssetup

import (
	"encoding/json"
	"errors"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
)

// strictPool is a user pool that keeps the JSON it is given, and sets back what an
// update leaves out, as Cognito does.
type strictPool struct {
	mu     sync.Mutex
	pool   map[string]any
	onRead func(reads int, pool map[string]any)
	reads  int
	fails  string // a code that UpdateUserPool answers with
	writes int
}

// describedOnly are fields that DescribeUserPool gives and UpdateUserPool does not take.
var describedOnly = []string{"Id", "Name", "Arn", "SchemaAttributes", "EstimatedNumberOfUsers", "UsernameAttributes"}

func (s *strictPool) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	w.Header().Set("Content-Type", "application/x-amz-json-1.1")
	_, operation, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
	var answer any = map[string]any{}
	switch operation {
	case "DescribeUserPool":
		s.reads++
		if s.onRead != nil {
			s.onRead(s.reads, s.pool)
		}
		answer = map[string]any{"UserPool": s.pool}
	case "UpdateUserPool":
		if s.fails != "" {
			w.WriteHeader(http.StatusBadRequest)
			answer = map[string]any{"__type": s.fails, "message": "no"}
			break
		}
		var input map[string]any
		text, _ := io.ReadAll(r.Body)
		_ = decodeNumbers(text, &input)
		s.writes++
		stored := make(map[string]any)
		for _, name := range describedOnly {
			if value, there := s.pool[name]; there {
				stored[name] = value
			}
		}
		delete(input, "UserPoolId")
		delete(input, "PoolName")
		maps.Copy(stored, input)
		s.pool = stored
	}
	_ = json.NewEncoder(w).Encode(answer)
}

func startStrict(t *testing.T, pool string) (*strictPool, *UserPools) {
	t.Helper()
	s := new(strictPool)
	if err := decodeNumbers([]byte(pool), &s.pool); err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	return s, NewUserPools(cognitoidentityprovider.New(cognitoidentityprovider.Options{
		BaseEndpoint: &server.URL, Region: "us-east-1", RetryMaxAttempts: 1,
		Credentials: credentials.NewStaticCredentialsProvider("AKIAIOSFODNN7EXAMPLE", "example", ""),
		HTTPClient:  &http.Client{Transport: &http.Transport{}},
	}))
}

// novel is a pool with settings that no SDK knows, at the top and below what it
// knows.
const novel = `{"Id":"us-east-1_pool","Name":"people","Arn":"arn:pool","UsernameAttributes":["email"],
	"SchemaAttributes":[{"Name":"sub","Encrypted":true}],"EstimatedNumberOfUsers":7,
	"EumsSms":{"PoolArn":"arn:sms","Limit":12345678901234567890},"AcrConfiguration":{"Levels":["a","b"]},"DcrConfiguration":{"Enabled":false},"Later":0,
	"Policies":{"PasswordPolicy":{"MinimumLength":8,"Entropy":80},"Novel":{"On":true}},
	"LambdaConfig":{"PreSignUp":"arn:aws:lambda:us-east-1:111111111111:function:other","TriggerOfNextYear":{"LambdaArn":"arn:x"}},
	"AccountRecoverySetting":{"RecoveryMechanisms":[{"Priority":1,"Name":"verified_email","Delay":60},{"Priority":2,"Name":"verified_phone_number"}]},
	"UserPoolTags":{"team":"identity"},"MfaConfiguration":"OFF"}`

func TestOnlyTheTriggerChangesWhateverThePoolHas(t *testing.T) {
	t.Parallel()
	s, pools := startStrict(t, novel)
	before := maps.Clone(s.pool)
	change, err := pools.Plan(t.Context(), "us-east-1_pool", function)
	if err != nil {
		t.Fatal(err)
	}
	if err := pools.Apply(t.Context(), change); err != nil {
		t.Fatal(err)
	}
	triggers, _ := s.pool["LambdaConfig"].(map[string]any)
	if triggers["UserMigration"] != function {
		t.Errorf("the triggers are %v", triggers)
	}
	delete(triggers, "UserMigration")
	if !reflect.DeepEqual(s.pool, before) {
		t.Errorf("got  %v\nwant %v", s.pool, before)
	}
	restore, err := change.Restore()
	if err != nil || !strings.Contains(string(restore), `"EumsSms"`) || !strings.Contains(string(restore), `12345678901234567890`) {
		t.Errorf("the way back lacks a setting: %s, %v", restore, err)
	}
	detach, err := pools.Plan(t.Context(), "us-east-1_pool", "")
	if err == nil {
		err = pools.Apply(t.Context(), detach)
	}
	if err != nil || !reflect.DeepEqual(s.pool, before) {
		t.Errorf("after it was taken off: %v, %v", s.pool, err)
	}
}

func TestAChangeOfAnUnknownSettingMeanwhileIsDetected(t *testing.T) {
	t.Parallel()
	t.Run("before the write", func(t *testing.T) {
		t.Parallel()
		s, pools := startStrict(t, novel)
		s.onRead = func(reads int, pool map[string]any) {
			if reads == 2 {
				pool["DcrConfiguration"] = map[string]any{"Enabled": true}
			}
		}
		change, err := pools.Plan(t.Context(), "us-east-1_pool", function)
		if err != nil {
			t.Fatal(err)
		}
		if err := pools.Apply(t.Context(), change); !errors.Is(err, errMovedMeanwhile) || s.writes != 0 {
			t.Errorf("got %v after %d writes", err, s.writes)
		}
	})
	t.Run("after the write", func(t *testing.T) {
		t.Parallel()
		s, pools := startStrict(t, novel)
		s.onRead = func(reads int, pool map[string]any) {
			if reads == 3 {
				delete(pool, "EumsSms")
			}
		}
		change, err := pools.Plan(t.Context(), "us-east-1_pool", function)
		if err != nil {
			t.Fatal(err)
		}
		err = pools.Apply(t.Context(), change)
		changed, ok := errors.AsType[*ChangedError](err)
		if !ok || len(changed.Fields) != 1 || !strings.Contains(changed.Fields[0], "EumsSms") {
			t.Errorf("got %v", err)
		}
	})
}

func TestErrorsOfTheWriteSayWhatToDo(t *testing.T) {
	t.Parallel()
	for code, want := range map[string]string{
		"UserImportInProgressException": "wait for it", "ConcurrentModificationException": "Try again", "FeatureUnavailableInTierException": "feature plan",
	} {
		s, pools := startStrict(t, novel)
		s.fails = code
		change, err := pools.Plan(t.Context(), "us-east-1_pool", function)
		if err != nil {
			t.Fatal(err)
		}
		if err := pools.Apply(t.Context(), change); err == nil || !strings.Contains(err.Error(), code) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", code, err)
		}
	}
}
