package recipes_test

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"text/template"
	"time"

	"cognito-user-migration/adapters/lambdatrigger"
	"cognito-user-migration/domain"
	"cognito-user-migration/test/lambdahost"
	"cognito-user-migration/test/process"
	"cognito-user-migration/test/sqlservers"
)

var (
	update    = flag.Bool("update", false, "write the table of results into docs/which-source.md and docs/which-source.ja.md")
	newHashes = flag.Bool("hashes", false, "make the hashes of testdata/hashes anew")
)

// recipe is a section of docs/which-source.md. Its settings, query and command are read from there.
type recipe struct {
	// heading is the section's.
	heading string
	// table is the file of testdata/tables that makes the database or the export.
	table string
	// hashes are the sets of testdata/hashes that the recipe is tried on.
	hashes []string
	// byEmail says that users type their email address; otherwise they type a name.
	byEmail bool
	// export is the name that the recipe's command gives to the export.
	export string
	// secrets are the values of settings for which the page has a reference.
	secrets map[string]string
	// noEmail says that the framework's table has no address.
	noEmail bool
}

const (
	devisePepper      = "pepper-of-devise-0123456789abcdef"
	flaskSalt         = "salt-of-flask-0123456789abcdef"
	firebaseSignerKey = "jxspr8Ki0RYycVU8zykbdLGjFQ3McFUH0uiiTvC8pVMXAn210wjLNmdZJzxUECKbm0QsEmYUSDzZvpjeJ9WmXA=="
)

var recipes = []recipe{
	{heading: "Auth.js", table: "authjs.sql", hashes: []string{"authjs"}, byEmail: true},
	{heading: "better-auth", table: "betterauth.sql", hashes: []string{"betterauth"}, byEmail: true},
	{heading: "Devise", table: "devise.sql", hashes: []string{"devise"}, byEmail: true, secrets: map[string]string{"SOURCE_PASSWORD_PEPPER": devisePepper}},
	{heading: "Discourse", table: "discourse.sql", hashes: []string{"discourse"}},
	{heading: "Django", table: "django.sql", hashes: []string{"django", "django4"}},
	{heading: "Drupal", table: "drupal.sql", hashes: []string{"drupal"}},
	{heading: "Flask-Security", table: "flasksecurity.sql", hashes: []string{"flasksecurity"}, byEmail: true, secrets: map[string]string{"SOURCE_PASSWORD_PEPPER": flaskSalt}},
	{heading: "Ghost", table: "ghost.sql", hashes: []string{"ghost"}, byEmail: true},
	{heading: "Joomla", table: "joomla.sql", hashes: []string{"joomla"}},
	{heading: "Laravel", table: "laravel.sql", hashes: []string{"laravel"}, byEmail: true},
	{heading: "Magento", table: "magento.sql", hashes: []string{"magento"}, byEmail: true},
	{heading: "MediaWiki", table: "mediawiki.sql", hashes: []string{"mediawiki"}},
	{heading: "Parse", table: "parse.sql", hashes: []string{"parse"}},
	{heading: "phpBB", table: "phpbb.sql", hashes: []string{"phpbb"}},
	{heading: "Rails", table: "rails.sql", hashes: []string{"rails"}, byEmail: true},
	{heading: "Spring Security", table: "spring.sql", hashes: []string{"springbcrypt", "spring", "spring58", "springscrypt", "springargon2"}, noEmail: true},
	{heading: "Strapi", table: "strapi.sql", hashes: []string{"strapi"}},
	{heading: "Supabase", table: "supabase.sql", hashes: []string{"supabase"}, byEmail: true},
	{heading: "Symfony", table: "symfony.sql", hashes: []string{"symfony"}, byEmail: true},
	{heading: "WordPress", table: "wordpress.sql", hashes: []string{"wordpress", "wordpress68"}},
	{heading: "ASP.NET Identity", table: "aspnet.sql", hashes: []string{"aspnet"}},
	{heading: "Auth0's export", table: "auth0.json", hashes: []string{"auth0"}, byEmail: true, export: "export.ndjson"},
	{heading: "Firebase's export", table: "firebase.json", hashes: []string{"firebase"}, byEmail: true, export: "users.json", secrets: map[string]string{"SOURCE_FIREBASE_SIGNER_KEY": firebaseSignerKey}},
	{heading: "Keycloak's realm export", table: "keycloak.json", hashes: []string{"keycloak", "keycloakargon2"}, export: "realm.json"},
	{heading: "Meteor", table: "meteor.json", hashes: []string{"meteor"}, export: "users.ndjson"},
	{heading: "Parse on MongoDB", table: "parsemongo.json", hashes: []string{"parse"}, export: "users.ndjson"},
}

// user is a user of the framework, one for each hash.
type user struct {
	N           int
	Name, Email string
	Format      string
	Hash        string
	password    string
}

// SQL is the hash as a literal.
func (u user) SQL() string { return "'" + strings.ReplaceAll(u.Hash, "'", "''") + "'" }

// JSON has the members of a hash that is an object.
func (u user) JSON() (map[string]string, error) {
	members := make(map[string]string)
	return members, json.Unmarshal([]byte(u.Hash), &members)
}

func (u user) typed(byEmail bool) string {
	if byEmail {
		return u.Email
	}
	return u.Name
}

// page is docs/which-source.md, by its sections of the third level.
func page(t *testing.T) map[string]string {
	t.Helper()
	text, err := os.ReadFile("../../docs/which-source.md")
	if err != nil {
		t.Fatal(err)
	}
	sections := make(map[string]string)
	for _, part := range regexp.MustCompile(`(?m)^##+ `).Split(string(text), -1)[1:] {
		heading, body, _ := strings.Cut(part, "\n")
		sections[heading] = body
	}
	return sections
}

// block returns the only block of this language; empty if there is none.
func block(t *testing.T, section, language string) string {
	t.Helper()
	found := regexp.MustCompile("(?s)\n```"+language+"\n(.*?)```").FindAllStringSubmatch(section, -1)
	if len(found) > 1 {
		t.Fatalf("%d blocks of %s", len(found), language)
	}
	if len(found) == 0 {
		return ""
	}
	return found[0][1]
}

// bench is what the recipes need beside themselves.
type bench struct {
	function  string
	servers   map[string]*sqlservers.Server
	passwords map[string]string
	sections  map[string]string
}

func newBench(t *testing.T) *bench {
	t.Helper()
	process.Require(t, process.Program{Name: "jq", Install: "apt-get install jq"})
	b := &bench{function: filepath.Join(t.TempDir(), "bootstrap"), sections: page(t)}
	readJSON(t, "passwords.json", &b.passwords)
	command := exec.CommandContext(t.Context(), "go", "build", "-tags", "lambda.norpc,nethttpomithttp2", "-o", b.function, "../../app/cmd/bootstrap")
	if output, err := command.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, output)
	}
	b.servers = map[string]*sqlservers.Server{"postgres": sqlservers.StartPostgres(t), "mysql": sqlservers.StartMariaDB(t)}
	return b
}

// Each recipe of the page lets a user in with the right password and no other.
func TestTheRecipesOfThePage(t *testing.T) {
	b := newBench(t)
	var fresh map[string]hashSet
	if *newHashes {
		fresh = made(t)
		write(t, fresh)
	}
	sets := committed(t)
	results := make(map[string]result)
	t.Run("committed hashes", func(t *testing.T) { b.run(t, sets, results) })
	t.Run("new hashes", func(t *testing.T) {
		if fresh == nil {
			fresh = made(t)
		}
		sameForms(t, sets, fresh)
		b.run(t, fresh, nil)
	})
	tried := 0
	for _, r := range recipes {
		tried += len(r.hashes)
	}
	switch {
	case t.Failed():
	case len(results) < tried: // -run chose some
		t.Logf("the table of the page was not compared: %d of %d rows were tried", len(results), tried)
	default:
		held(t, table(sets, results))
	}
}

// run runs every recipe on these hashes.
func (b *bench) run(t *testing.T, sets map[string]hashSet, results map[string]result) {
	t.Helper()
	for _, r := range recipes {
		for _, set := range r.hashes {
			t.Run(r.heading+", "+set, func(t *testing.T) {
				section, there := b.sections[r.heading]
				if !there {
					t.Fatalf("docs/which-source.md has no section %q", r.heading)
				}
				var users []user
				for n, hash := range sets[set].Hashes {
					users = append(users, user{
						N: n + 1, Name: fmt.Sprintf("user%d", n+1), Email: fmt.Sprintf("user%d@example.com", n+1), Format: hash.Format, Hash: hash.Hash,
						password: b.passwords[hash.Password],
					})
				}
				if len(users) == 0 {
					t.Fatal("no hashes")
				}
				var seen result
				function := b.start(t, r, section, users)
				for _, u := range users {
					seen.add(function.signIn(t, r, u))
				}
				if results != nil {
					results[r.heading+"/"+set] = seen
				}
			})
		}
	}
}

// start makes the framework's users, and starts the function with the recipe's settings.
func (b *bench) start(t *testing.T, r recipe, section string, users []user) *function {
	t.Helper()
	settings := map[string]string{
		"AWS_EC2_METADATA_DISABLED": "true", "AWS_CONFIG_FILE": os.DevNull, "AWS_SHARED_CREDENTIALS_FILE": os.DevNull,
		"MIGRATE_REFUSAL": "explain", "LOG_LEVEL": "error",
	}
	for line := range strings.Lines(block(t, section, "text")) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), "=")
		if secret, there := r.secrets[name]; there {
			value = secret
		} else if strings.HasPrefix(value, "ssm:") {
			t.Fatalf("%s is a secret, and the test has no value for it", name)
		}
		settings[name] = value
	}
	made := r.make(t, users)
	switch settings["SOURCE_KIND"] {
	case "sql":
		server := b.servers[settings["SOURCE_DRIVER"]]
		if server == nil {
			t.Fatalf("no server for SOURCE_DRIVER=%s", settings["SOURCE_DRIVER"])
		}
		database := strings.ToLower(regexp.MustCompile(`\W`).ReplaceAllString(t.Name(), ""))
		database = database[max(0, len(database)-40):]
		server.Database(t, database, made)
		settings["SOURCE_URL"] = server.URL(sqlservers.ReaderName, sqlservers.ReaderPassword, database)
		settings["SOURCE_CA_BUNDLE"] = server.CA
		settings["SOURCE_QUERY"] = block(t, section, "sql")
	case "file":
		folder := t.TempDir()
		if err := os.WriteFile(filepath.Join(folder, r.export), []byte(made), 0o600); err != nil {
			t.Fatal(err)
		}
		if command := block(t, section, "sh"); command != "" {
			shell := exec.CommandContext(t.Context(), "bash", "-euo", "pipefail", "-c", command)
			shell.Dir = folder
			if output, err := shell.CombinedOutput(); err != nil {
				t.Fatalf("%v\n%s\n%s", err, output, command)
			}
		}
		settings["SOURCE_PATH"] = filepath.Join(folder, settings["SOURCE_PATH"])
	default:
		t.Fatalf("SOURCE_KIND=%s", settings["SOURCE_KIND"])
	}
	return launch(t, b.function, settings)
}

// make writes the table or the export with these users in it.
func (r recipe) make(t *testing.T, users []user) string {
	t.Helper()
	made, err := template.New(r.table).Funcs(template.FuncMap{"quote": func(text string) (string, error) {
		quoted, err := json.Marshal(text)
		return string(quoted), err
	}}).ParseFiles(filepath.Join("testdata/tables", r.table))
	if err != nil {
		t.Fatal(err)
	}
	var text bytes.Buffer
	if err := made.Execute(&text, users); err != nil {
		t.Fatal(err)
	}
	return text.String()
}

// function is the real function, in a process of its own.
type function struct{ *lambdahost.Host }

// patience is a safety net: no result depends on it.
const patience = time.Minute

func launch(t *testing.T, path string, settings map[string]string) *function {
	t.Helper()
	var environment []string
	for _, name := range slices.Sorted(maps.Keys(settings)) {
		environment = append(environment, name+"="+settings[name])
	}
	host, err := lambdahost.Start(lambdahost.Config{Path: path, Name: "user-migration", AccountID: "111111111111", Region: "us-east-1", Env: environment, Grace: patience})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := host.Close(); err != nil {
			t.Error(err)
		}
		if t.Failed() {
			t.Logf("the function wrote:\n%s%s", host.Stdout(), host.Stderr())
		}
	})
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if err := host.Ready(ctx); err != nil {
		t.Fatalf("the function did not start: %v", err)
	}
	return &function{host}
}

// signedIn says whether the right password was taken and the wrong one refused.
type signedIn struct{ right, wrong bool }

// signIn signs in with the right password and with a wrong one.
func (f *function) signIn(t *testing.T, r recipe, u user) signedIn {
	t.Helper()
	var got signedIn
	attributes, refusal := f.attempt(t, u.typed(r.byEmail), u.password)
	if got.right = refusal == ""; !got.right {
		t.Errorf("%s: the right password %q is refused: %s", u.Format, u.password, refusal)
	} else if !r.noEmail && attributes["email"] != u.Email {
		t.Errorf("%s: attributes %v, want the email %s", u.Format, attributes, u.Email)
	}
	_, refusal = f.attempt(t, u.typed(r.byEmail), "x"+u.password)
	if got.wrong = refusal == lambdatrigger.RefusalText(domain.ReasonPasswordWrong); !got.wrong {
		t.Errorf("%s: a wrong password ends in %q", u.Format, refusal)
	}
	return got
}

// attempt is one sign-in. It returns the attributes of the user that Cognito creates, or the text
// that refuses the sign-in.
func (f *function) attempt(t *testing.T, username, password string) (attributes map[string]string, refusal string) {
	t.Helper()
	event, err := json.Marshal(map[string]any{
		"version": "1", "region": "us-east-1", "userPoolId": "us-east-1_AbCdEf123", "userName": username, "triggerSource": "UserMigration_Authentication",
		"callerContext": map[string]any{"awsSdkVersion": "test", "clientId": "4s3example"},
		"request":       map[string]any{"password": password, "validationData": nil},
		"response":      map[string]any{},
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	answer, err := f.Invoke(ctx, event)
	if err != nil {
		t.Fatal(err)
	}
	if answer.FunctionError != "" {
		fault, err := answer.Error()
		if err != nil {
			t.Fatal(err)
		}
		return nil, fault.Message
	}
	var body struct {
		Response struct{ UserAttributes map[string]string }
	}
	if err := json.Unmarshal(answer.Payload, &body); err != nil {
		t.Fatal(err)
	}
	return body.Response.UserAttributes, ""
}
