package dynamosource_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"sync"
	"testing"

	"cognito-user-migration/adapters/dynamosource"
	"cognito-user-migration/adapters/internal/awsjson"
	"cognito-user-migration/domain"
	"cognito-user-migration/ports"
	"cognito-user-migration/ports/sourcetest"
	"cognito-user-migration/test/process"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/zitadel/passwap/bcrypt"
)

// own are fixed credentials.
type own struct{ invalidated *int }

func (own) Retrieve(context.Context) (ports.Credentials, error) {
	return ports.Credentials{AccessKeyID: "AKIAEXAMPLE", SecretAccessKey: domain.NewSecret("secret")}, nil
}

func (o own) Invalidate() {
	if o.invalidated != nil {
		*o.invalidated++
	}
}

func configOf(url string) aws.Config {
	return aws.Config{Region: "us-east-1", BaseEndpoint: &url, Credentials: credentials.NewStaticCredentialsProvider("AKIAEXAMPLE", "secret", "")}
}

// settingsOf reads settings as the environment gives them.
func settingsOf(t testing.TB, table, key, lookup, paths string) dynamosource.Settings {
	t.Helper()
	var s dynamosource.Settings
	for text, into := range map[string]interface{ UnmarshalText([]byte) error }{table: &s.Table, key: &s.Key, lookup: &s.Lookup, paths: &s.Fields} {
		if text == "" {
			continue
		}
		if err := into.UnmarshalText([]byte(text)); err != nil {
			t.Fatalf("%s: %v", text, err)
		}
	}
	for _, problem := range s.Validate(func(name string) string { return "OLD_" + name }) {
		t.Fatal(problem)
	}
	return s
}

// flat is a table of users by their names, with an index by email.
func flat(t testing.TB, table string) dynamosource.Settings {
	return settingsOf(t, table, "username", "username, email-index:email", "")
}

// nested is a single-table design: prefixed keys, and fields in nested maps.
func nested(t testing.TB, table string) dynamosource.Settings {
	return settingsOf(t, table, "pk, sk", "pk=USER#{username}&sk=PROFILE, email-index:mail&sk=PROFILE",
		"username=login, password_hash=auth.hash, status=auth.status, enabled=!auth.disabled, email=mail, email_verified=contact.mailProved, sub=ids.sub")
}

func open(t testing.TB, url string, settings dynamosource.Settings, options dynamosource.Options) *dynamosource.Directory {
	t.Helper()
	directory, err := dynamosource.New("people", awsjson.New(configOf(url), awsjson.DynamoDB()), own{}, settings, options)
	if err != nil {
		t.Fatal(err)
	}
	return directory
}

// peer is moto's DynamoDB.
type peer struct {
	url string
	api *awsjson.Client
}

// startPeer returns the peer that all tests share: each has tables of its own.
func startPeer(t *testing.T) *peer {
	t.Helper()
	process.Require(t, process.Moto())
	server, err := launch()
	if err != nil {
		t.Fatal(err)
	}
	return &peer{server.URL, awsjson.New(configOf(server.URL), awsjson.DynamoDB())}
}

var launch = sync.OnceValues(func() (*process.Server, error) {
	server, err := process.Moto().Launch(context.Background())
	if err == nil {
		stop = server.Stop
	}
	return server, err
})

// stop ends the peer, where a test has started it.
var stop = func() {}

func TestMain(m *testing.M) {
	code := m.Run()
	stop()
	os.Exit(code)
}

func (p *peer) call(t testing.TB, operation string, input map[string]any) []byte {
	t.Helper()
	answer, err := p.api.Call(t.Context(), operation, input)
	if err != nil {
		t.Fatalf("%s: %v", operation, err)
	}
	return answer
}

type object = map[string]any

// create makes a table with these keys and an index by one attribute, which has the
// keys alone.
func (p *peer) create(t testing.TB, table, indexed string, keys ...string) {
	t.Helper()
	schema := func(names ...string) []object {
		var written []object
		for i, name := range names {
			written = append(written, object{"AttributeName": name, "KeyType": []string{"HASH", "RANGE"}[i]})
		}
		return written
	}
	var defined []object
	for _, name := range append([]string{indexed}, keys...) {
		defined = append(defined, object{"AttributeName": name, "AttributeType": "S"})
	}
	index := append([]string{indexed}, keys[1:]...)
	p.call(t, "CreateTable", object{
		"TableName": table, "BillingMode": "PAY_PER_REQUEST", "AttributeDefinitions": defined, "KeySchema": schema(keys...),
		"GlobalSecondaryIndexes": []object{{"IndexName": "email-index", "KeySchema": schema(index...), "Projection": object{"ProjectionType": "KEYS_ONLY"}}},
	})
}

func (p *peer) put(t testing.TB, table string, item object) {
	t.Helper()
	p.call(t, "PutItem", object{"TableName": table, "Item": item})
}

func text(value string) object { return object{"S": value} }

func flag(value bool) object { return object{"BOOL": value} }

func members(values object) object { return object{"M": values} }

// hashOf is the least expensive hash: it is computed hundreds of times.
func hashOf(t testing.TB, password string) string {
	t.Helper()
	hash, err := bcrypt.New(4, nil).Hash(password)
	if err != nil {
		t.Fatal(err)
	}
	return hash
}

// flatItem writes a user as an item of the flat table.
func flatItem(t testing.TB, one sourcetest.User) object {
	item := object{"username": text(one.Username), "status": text(string(one.Status)), "enabled": flag(!one.Disabled), "sub": text(one.Sub)}
	if one.Password != "" {
		item["password_hash"] = text(hashOf(t, one.Password))
	}
	for name, value := range one.Attributes {
		item[name] = text(value)
		if name == "email_verified" || name == "phone_number_verified" {
			item[name] = flag(value == "true")
		}
	}
	return item
}

// nestedItem writes a user as an item of the nested table.
func nestedItem(t testing.TB, one sourcetest.User) object {
	item, auth, contact := object{}, object{"status": text(string(one.Status))}, object{}
	if one.Disabled {
		auth["disabled"] = flag(true)
	}
	if one.Password != "" {
		auth["hash"] = text(hashOf(t, one.Password))
	}
	for name, value := range one.Attributes {
		switch name {
		case "email":
			item["mail"] = text(value)
		case "email_verified":
			contact["mailProved"] = flag(value == "true")
		case "phone_number_verified":
			item[name] = flag(value == "true")
		default:
			item[name] = text(value)
		}
	}
	item["pk"], item["sk"], item["login"] = text("USER#"+one.Username), text("PROFILE"), text(one.Username)
	item["auth"], item["contact"], item["ids"] = members(auth), members(contact), members(object{"sub": text(one.Sub)})
	return item
}

// answers is the address of a service that gives every request the same answer.
func answers(t testing.TB, status int, body string) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body) // a client that goes away is no matter here
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}))
	t.Cleanup(server.Close)
	return server.URL
}

func TestTheContract(t *testing.T) {
	t.Parallel()
	p := startPeer(t)
	for name, design := range map[string]struct {
		indexed  string
		keys     []string
		settings func(testing.TB, string) dynamosource.Settings
		item     func(testing.TB, sourcetest.User) object
	}{
		"flat":   {"email", []string{"username"}, flat, flatItem},
		"nested": {"mail", []string{"pk", "sk"}, nested, nestedItem},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			table := "contract-" + name
			settings := design.settings(t, table)
			var work func() map[string]int
			var listed *dynamosource.Directory
			at := func(url string) func(*testing.T) ports.SourceDirectory {
				return func(t *testing.T) ports.SourceDirectory { return open(t, url, settings, dynamosource.Options{}) }
			}
			fault := func(status int, code string) func(*testing.T) ports.SourceDirectory {
				return at(answers(t, status, fmt.Sprintf(`{"__type":"com.amazonaws.dynamodb.v20120810#%s","message":"canary"}`, code)))
			}
			sourcetest.Run(t, sourcetest.Harness{
				Name: "people",
				Work: func() map[string]int { return work() },
				Declared: []sourcetest.Capability{
					sourcetest.DisabledUsers, sourcetest.UnconfirmedUsers, sourcetest.FederatedUsers, sourcetest.TemporaryPasswords,
					sourcetest.Resets, sourcetest.EmailAliases, sourcetest.Ambiguity, sourcetest.KeepsSubs, sourcetest.VerifiesHashes,
					sourcetest.Lists, sourcetest.Unreachability, sourcetest.Throttling, sourcetest.Misconfiguration, sourcetest.Silence,
					sourcetest.Closure, sourcetest.CertifiesUnjudged,
				},
				Open: func(t *testing.T, people []sourcetest.User) ports.SourceDirectory {
					p.create(t, table, design.indexed, design.keys...)
					for _, one := range people {
						p.put(t, table, design.item(t, one))
					}
					listed = open(t, p.url, settings, dynamosource.Options{})
					work = listed.Checker.CountHashes()
					return listed
				},
				Lister:        func() ports.UserLister { return listed },
				Unreachable:   fault(http.StatusInternalServerError, "InternalServerError"),
				Throttled:     fault(http.StatusBadRequest, "ProvisionedThroughputExceededException"),
				Misconfigured: fault(http.StatusBadRequest, "AccessDeniedException"),
				Silent: func(t *testing.T) ports.SourceDirectory {
					return at("http://" + process.SilentAddress(t))(t)
				},
				Closed: func(t *testing.T) ports.SourceDirectory {
					return at("http://" + process.ClosedAddress(t))(t)
				},
			})
		})
	}
}
