package sqlsource_test

import (
	"slices"
	"strings"
	"testing"

	"cognito-user-migration/adapters/internal/awsname"
	"cognito-user-migration/adapters/internal/pemfile"
	"cognito-user-migration/adapters/sqlsource"
	"cognito-user-migration/adapters/sqlsource/dialect"
	"cognito-user-migration/adapters/sqlsource/mysql"
	"cognito-user-migration/adapters/sqlsource/postgres"
	"cognito-user-migration/domain"
	"cognito-user-migration/ports"
	"cognito-user-migration/test/certificate"
)

// databases are the drivers that a main can list.
func databases() []dialect.Driver {
	return []dialect.Driver{mysql.Driver(), postgres.Driver()}
}

func ordinary() sqlsource.Settings {
	return sqlsource.Settings{
		Driver: sqlsource.Postgres, URL: domain.NewSecret("postgres://reader:S3cret@db.example.com/people"),
		Query: "SELECT username FROM people WHERE username = :username", Auth: sqlsource.AuthPassword, TLS: sqlsource.TLSVerify,
	}
}

func TestTheSettingsAreChecked(t *testing.T) {
	t.Parallel()
	url := func(url string) func(*sqlsource.Settings) {
		return func(s *sqlsource.Settings) { s.URL = domain.NewSecret(url) }
	}
	iam := func(url string) func(*sqlsource.Settings) {
		return func(s *sqlsource.Settings) { s.Auth, s.URL = sqlsource.AuthIAM, domain.NewSecret(url) }
	}
	bundle := certificate.New("an authority", nil).PEM()
	const form = "OLD_URL: expected postgres://user:password@host:port/database"
	for name, test := range map[string]struct {
		change func(*sqlsource.Settings)
		want   []string
	}{
		"as they should be":        {func(*sqlsource.Settings) {}, nil},
		"PostgreSQL's other name":  {url("postgresql://reader:S3cret@db.example.com:6543/people"), nil},
		"an address of IPv6":       {url("postgres://reader:S3cret@[::1]:6543/people"), nil},
		"another driver's URL":     {url("mysql://reader:S3cret@db.example.com/people"), []string{form}},
		"MySQL":                    {func(s *sqlsource.Settings) { s.Driver, s.URL = sqlsource.MySQL, domain.NewSecret("mysql://r:p@h/d") }, nil},
		"MariaDB":                  {func(s *sqlsource.Settings) { s.Driver, s.URL = sqlsource.MySQL, domain.NewSecret("mariadb://r:p@h/d") }, nil},
		"no URL":                   {url("S3cret"), []string{form}},
		"a broken URL":             {url("postgres://reader:S3cret%@host/people"), []string{form}},
		"no host":                  {url("postgres://reader:S3cret@/people"), []string{form}},
		"no database":              {url("postgres://reader:S3cret@host/"), []string{form}},
		"no user":                  {url("postgres://host/people"), []string{form}},
		"two hosts":                {url("postgres://reader:S3cret@host,other/people"), []string{"OLD_URL: expected one host"}},
		"parameters":               {url("postgres://reader:S3cret@host/people?sslmode=disable"), []string{"OLD_URL: parameters after the database are not allowed"}},
		"no password":              {url("postgres://reader@host/people"), []string{"OLD_URL: expected a password, unless OLD_AUTH=iam"}},
		"a token of RDS":           {iam("postgres://reader@people.abc.eu-west-1.rds.amazonaws.com/people"), nil},
		"a token of RDS in China":  {iam("postgres://reader@people.abc.rds.cn-north-1.amazonaws.com.cn/people"), nil},
		"a token and a password":   {iam("postgres://reader:S3cret@people.abc.eu-west-1.rds.amazonaws.com/people"), []string{"OLD_URL: must not have a password with OLD_AUTH=iam"}},
		"a token without a region": {iam("postgres://reader@db.example.com/people"), []string{"OLD_REGION: is required with OLD_AUTH=iam"}},
		"a token with a region": {func(s *sqlsource.Settings) {
			iam("postgres://reader@db.example.com/people")(s)
			s.Region = "eu-west-1"
		}, nil},
		"a token in the clear": {func(s *sqlsource.Settings) {
			iam("postgres://reader@a.b.eu-west-1.rds.amazonaws.com/people")(s)
			s.TLS = sqlsource.TLSOff
		}, []string{"OLD_TLS: must be verify with OLD_AUTH=iam"}},
		"a region for nothing":   {func(s *sqlsource.Settings) { s.Region = "eu-west-1" }, []string{"OLD_REGION: is used only with OLD_AUTH=iam"}},
		"no placeholder":         {func(s *sqlsource.Settings) { s.Query = "SELECT S3cret" }, []string{"OLD_QUERY: expected :username once"}},
		"two placeholders":       {func(s *sqlsource.Settings) { s.Query = ":username S3cret :username" }, []string{"OLD_QUERY: expected :username once"}},
		"no bundle":              {func(s *sqlsource.Settings) { s.CABundle = "S3cret/bundle.pem" }, []string{"OLD_CA_BUNDLE: the file cannot be read"}},
		"a bundle in one line":   {func(s *sqlsource.Settings) { s.CABundle = pemfile.Text(strings.ReplaceAll(bundle, "\n", `\n`)) }, nil},
		"a bundle of nothing":    {func(s *sqlsource.Settings) { s.CABundle = "-----BEGIN S3cret" }, []string{"OLD_CA_BUNDLE: has no certificate"}},
		"a bundle for nothing":   {func(s *sqlsource.Settings) { s.CABundle, s.TLS = "S3cret", sqlsource.TLSUnverified }, []string{"OLD_CA_BUNDLE: is used only with OLD_TLS=verify"}},
		"a decoy that is a hash": {func(s *sqlsource.Settings) { s.Hashes.Decoy = domain.NewSecret(right) }, nil},
		"a decoy that is none":   {func(s *sqlsource.Settings) { s.Hashes.Decoy = domain.NewSecret("S3cret") }, []string{"OLD_DECOY: unknown password hash format"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			settings := ordinary()
			test.change(&settings)
			problems := settings.Validate(func(name string) string { return "OLD_" + name })
			if !slices.EqualFunc(problems, test.want, func(problem error, want string) bool { return strings.HasPrefix(problem.Error(), want) }) {
				t.Errorf("got %q, want %q", problems, test.want)
			}
			for _, problem := range problems {
				if strings.Contains(problem.Error(), "S3cret") {
					t.Errorf("%v shows a value", problem)
				}
			}
			directory, err := sqlsource.Open("people", settings, nil, databases(), sqlsource.Options{})
			if err == nil {
				_ = directory.Close()
			} else if strings.Contains(err.Error(), "S3cret") {
				t.Errorf("%v shows a value", err)
			}
			if len(test.want) == 0 && err != nil {
				t.Errorf("what was checked cannot be opened: %v", err)
			}
		})
	}
}

func TestChoices(t *testing.T) {
	t.Parallel()
	var (
		driver sqlsource.Driver
		auth   sqlsource.Auth
		tls    sqlsource.TLS
		region awsname.Region
	)
	for text, err := range map[string]error{
		"expected one of: postgres, mysql":               driver.UnmarshalText([]byte("oracle")),
		"expected one of: password, iam":                 auth.UnmarshalText([]byte("")),
		"expected one of: verify, unverified, off":       tls.UnmarshalText([]byte("disable")),
		"expected an AWS region, such as ap-northeast-1": region.UnmarshalText([]byte("Tokyo")),
		"": nil,
	} {
		if text != "" && (err == nil || err.Error() != text) {
			t.Errorf("got %v, want %q", err, text)
		}
	}
	for _, err := range []error{
		driver.UnmarshalText([]byte("mysql")), auth.UnmarshalText([]byte("iam")), tls.UnmarshalText([]byte("off")), region.UnmarshalText([]byte("eu-west-1")),
	} {
		if err != nil {
			t.Error(err)
		}
	}
	if driver != sqlsource.MySQL || auth != sqlsource.AuthIAM || tls != sqlsource.TLSOff || region != "eu-west-1" {
		t.Errorf("%s, %s, %s, %s", driver, auth, tls, region)
	}
}

func TestWhatIsUnwiseIsSaid(t *testing.T) {
	t.Parallel()
	for tls, want := range map[sqlsource.TLS][]string{
		sqlsource.TLSVerify:     nil,
		sqlsource.TLSUnverified: {"OLD_TLS=unverified: the server's certificate"},
		sqlsource.TLSOff:        {"OLD_TLS=off: anyone"},
	} {
		settings := ordinary()
		settings.TLS = tls
		warnings := settings.Warnings(func(name string) string { return "OLD_" + name })
		if !slices.EqualFunc(warnings, want, strings.HasPrefix) {
			t.Errorf("%s: %q", tls, warnings)
		}
		if settings.LimitsAttempts() {
			t.Error("a database is said to count wrong passwords")
		}
	}
}

var _ ports.SourceDirectory = (*sqlsource.Directory)(nil)
