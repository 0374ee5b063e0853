package e2e_test

import (
	"encoding/json"
	"encoding/pem"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"cognito-user-migration/test/process"
	"cognito-user-migration/test/slapd"
	"cognito-user-migration/test/sqlservers"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// expected is a finding: its name, its status, and words of what was seen and of
// the remedy.
type expected struct{ name, status, saw, remedy string }

// doctored runs the real tool over a chain twice, as text and as JSON, and holds
// its findings about the sources against what is expected. Nothing of what is
// hidden may be shown.
func doctored(t *testing.T, environment []string, want []expected, hidden ...string) {
	t.Helper()
	run := func(arguments ...string) string {
		command := exec.CommandContext(t.Context(), tool.get(t).path, append([]string{"doctor"}, arguments...)...)
		command.Env = append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + t.TempDir(), "AWS_REGION=us-east-1", "AWS_ACCESS_KEY_ID=AKIAEXAMPLE", "AWS_SECRET_ACCESS_KEY=S3cret-Of-AWS"}, environment...)
		var notes strings.Builder
		command.Stderr = &notes
		output, err := command.Output()
		if failure := new(exec.ExitError); !errors.As(err, &failure) || failure.ExitCode() != 1 {
			t.Fatalf("it ends with %v\n%s%s", err, output, &notes)
		}
		for _, value := range append(hidden, "S3cret-Of-AWS") {
			if strings.Contains(string(output)+notes.String(), value) {
				t.Errorf("%s is shown:\n%s%s", value, output, &notes)
			}
		}
		return string(output)
	}
	var read struct {
		Checks []struct{ Name, Status, Saw, Remedy, Source string }
	}
	if output := run("--json"); json.Unmarshal([]byte(output), &read) != nil {
		t.Fatalf("no JSON: %s", output)
	}
	var got []string
	for _, check := range read.Checks {
		if check.Source == "" || check.Status != "fail" && check.Status != "warn" {
			continue
		}
		got = append(got, check.Name)
		at := slices.IndexFunc(want, func(one expected) bool { return one.name == check.Name })
		if at < 0 || check.Status != want[at].status || !strings.Contains(check.Saw, want[at].saw) || !strings.Contains(check.Remedy, want[at].remedy) {
			t.Errorf("a finding: %s %s: %s -> %s", check.Status, check.Name, check.Saw, check.Remedy)
		}
	}
	if len(got) != len(want) {
		t.Errorf("findings: %q, not %d", got, len(want))
	}
	text := run()
	for line := range strings.Lines(text) {
		if length := len([]rune(strings.TrimSuffix(line, "\n"))); length > 80 {
			t.Errorf("%d columns: %s", length, line)
		}
	}
	for _, one := range want {
		_, rest, found := strings.Cut(text, one.status+"  "+one.name+" ")
		finding, _, _ := strings.Cut(rest, "\nfail ")
		if !found || !strings.Contains(finding, "\n      -> ") {
			t.Errorf("no finding %s with a remedy in\n%s", one.name, text)
		}
	}
	t.Logf("\n%s", text)
}

// The peers are OpenLDAP, PostgreSQL and moto's DynamoDB. Each has one fault.
func TestTheDoctorFindsOneFaultInEachOfThreeSources(t *testing.T) {
	t.Parallel()
	const table, wrong = "people-of-the-doctor-test", "Wr0ng-Password"
	ldap, sql, url := slapd.Start(t, slapd.Entry{"uid=alice," + slapd.UsersDN, "objectClass: inetOrgPerson", "cn: Alice", "sn: A", "mail: alice@example.com"}), sqlservers.StartPostgres(t), process.Moto().Start(t)
	sql.Exec(t, "CREATE TABLE people (username varchar(100) PRIMARY KEY, email varchar(100), password_hash varchar(200))",
		"INSERT INTO people VALUES ('berta', 'berta@example.com', '"+fileHash+"')", "GRANT SELECT ON people TO "+sqlservers.ReaderName)
	client := dynamodb.New(dynamodb.Options{BaseEndpoint: &url, Region: "us-east-1", Credentials: credentials.NewStaticCredentialsProvider("AKIAEXAMPLE", "secret", "")})
	if _, err := client.CreateTable(t.Context(), &dynamodb.CreateTableInput{
		TableName: aws.String(table), BillingMode: types.BillingModePayPerRequest,
		KeySchema:            []types.KeySchemaElement{{AttributeName: aws.String("login"), KeyType: types.KeyTypeHash}},
		AttributeDefinitions: []types.AttributeDefinition{{AttributeName: aws.String("login"), AttributeType: types.ScalarAttributeTypeS}},
	}); err != nil {
		t.Fatal(err)
	}
	doctored(t, []string{
		"MIGRATE_SOURCES=CORP,CRM,SHOP", "AWS_ENDPOINT_URL=" + url,
		"CORP_KIND=ldap", "CORP_URL=" + ldap.LDAPS, "CORP_CA_BUNDLE=" + ldap.CA, "CORP_BASE_DN=" + slapd.UsersDN,
		"CORP_BIND_DN=" + slapd.ServiceDN, "CORP_BIND_PASSWORD=" + wrong,
		"CRM_KIND=sql", "CRM_DRIVER=postgres", "CRM_URL=" + sql.URL(sqlservers.ReaderName, sqlservers.ReaderPassword, "people"), "CRM_CA_BUNDLE=" + sql.CA,
		"CRM_QUERY=SELECT username, email, password_hash FROM people WHERE email = :username",
		"SHOP_KIND=dynamodb", "SHOP_TABLE=" + table, "SHOP_KEY=login", "SHOP_LOOKUP=login, by-email:email",
	}, []expected{
		{"CORP credentials", "fail", "result 49 (Invalid Credentials)", "correct CORP_BIND_DN and CORP_BIND_PASSWORD"},
		{"CRM index", "warn", "reads the whole table people for each sign-in", "CREATE INDEX ON people (email)"},
		{"SHOP index", "fail", "the table has no index by-email", "create the global secondary index by-email with the partition key email"},
	}, wrong, sqlservers.ReaderPassword, fileHash, "berta@example.com")
}

// A file, a service over HTTPS and a provider that is not there.
func TestTheDoctorFindsOneFaultInEachOfThreeOtherSources(t *testing.T) {
	t.Parallel()
	const token, unsalted = "T0ken-Of-The-Service", "5f4dcc3b5aa765d61d8327deb882cf99"
	service := httptest.NewTLSServer(http.NotFoundHandler()) // its certificate is for example.com and 127.0.0.1
	t.Cleanup(service.Close)
	ca := string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: service.Certificate().Raw}))
	file := filepath.Join(t.TempDir(), "people.csv")
	if err := os.WriteFile(file, []byte("username,password_hash\nanna,"+unsalted+"\nberta,"+fileHash+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	doctored(t, []string{
		"MIGRATE_SOURCES=OLD,SHOP,LOGIN",
		"OLD_KIND=file", "OLD_FORMAT=csv", "OLD_PATH=" + file,
		"SHOP_KIND=http", "SHOP_URL=" + strings.Replace(service.URL, "127.0.0.1", "localhost", 1) + "/users", "SHOP_BEARER_TOKEN=" + token, "SHOP_CA_BUNDLE=" + ca,
		"LOGIN_KIND=oidc", "LOGIN_ISSUER=https://" + process.ClosedAddress(t), "LOGIN_CLIENT_ID=app", "LOGIN_CLIENT_SECRET=" + token,
	}, []expected{
		{"OLD hashes", "fail", "an unsalted MD5 in hexadecimal", "docs/password-hashes.md"},
		{"SHOP certificate", "fail", "127.0.0.1, ::1, not for localhost", "use a name of the certificate in SHOP_URL"},
		{"LOGIN reached", "fail", "refuses connections", "LOGIN_ISSUER"},
	}, token, unsalted, fileHash)
}
