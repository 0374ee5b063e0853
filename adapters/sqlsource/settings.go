package sqlsource

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"

	"cognito-user-migration/adapters/internal/awsname"
	"cognito-user-migration/adapters/internal/awsrole"
	"cognito-user-migration/adapters/internal/fields"
	"cognito-user-migration/adapters/internal/hashed"
	"cognito-user-migration/adapters/internal/pemfile"
	"cognito-user-migration/adapters/internal/problem"
	"cognito-user-migration/adapters/sqlsource/dialect"
	"cognito-user-migration/domain"
)

// Settings are the variables of a database source.
type Settings struct {
	Driver Driver        `env:"DRIVER,required" takes:"postgres, mysql" desc:"The kind of database. For MariaDB use \u0060mysql\u0060."`
	URL    domain.Secret `env:"URL,required" takes:"driver://user:password@host:port/database" desc:"The database and a user who may run the query. Percent-encode special characters."`
	Query  string        `env:"QUERY,required" takes:"a SELECT with one :username" desc:"The query that finds the user by the submitted identifier. docs/sources/sql.md lists its columns."`
	// ListQuery is used only by the operator's report.
	ListQuery string         `env:"LIST_QUERY" takes:"a SELECT without parameters" desc:"The query that lists all users, with the columns of \u0060QUERY\u0060, for \u0060migratectl report\u0060."`
	Auth      Auth           `env:"AUTH" envDefault:"password" takes:"password, iam" desc:"How the function authenticates to the database: the password in the URL, or an RDS IAM token."`
	Region    awsname.Region `env:"REGION" takes:"an AWS region" desc:"The region of an RDS database. Default: the region in its host name. Used only with \u0060AUTH=iam\u0060."`
	TLS       TLS            `env:"TLS" envDefault:"verify" takes:"verify, unverified, off" desc:"\u0060verify\u0060: TLS, and the server's certificate is verified. \u0060unverified\u0060: TLS without verification. \u0060off\u0060: no TLS."`
	CABundle  pemfile.Text   `env:"CA_BUNDLE" takes:"PEM, or the path of a PEM file" desc:"Certificate authorities to trust for the server, instead of the public ones. RDS needs its own bundle."`

	Hashes hashed.Settings
	// Role signs in to an RDS database of another account.
	Role awsrole.Settings
}

// Driver is a kind of database.
type Driver string

// Supported databases.
const (
	Postgres Driver = "postgres"
	MySQL    Driver = "mysql"
)

// UnmarshalText implements [encoding.TextUnmarshaler]. An error lists the choices.
func (d *Driver) UnmarshalText(text []byte) error { return domain.Choose(d, text, Postgres, MySQL) }

// Auth is the method of signing in to the database.
type Auth string

// Methods of signing in to a database.
const (
	AuthPassword Auth = "password"
	AuthIAM      Auth = "iam"
)

// UnmarshalText implements [encoding.TextUnmarshaler], as [Driver] does.
func (a *Auth) UnmarshalText(text []byte) error { return domain.Choose(a, text, AuthPassword, AuthIAM) }

// TLS is the encryption of the connection.
type TLS string

// Kinds of encryption.
const (
	TLSVerify     TLS = "verify"
	TLSUnverified TLS = "unverified"
	TLSOff        TLS = "off"
)

// UnmarshalText implements [encoding.TextUnmarshaler], as [Driver] does.
func (t *TLS) UnmarshalText(text []byte) error {
	return domain.Choose(t, text, TLSVerify, TLSUnverified, TLSOff)
}

// of returns the driver, if the main lists it.
func (d Driver) of(drivers []dialect.Driver) (dialect.Driver, error) {
	for _, driver := range drivers {
		if driver.Name == string(d) {
			return driver, nil
		}
	}
	return dialect.Driver{}, fmt.Errorf("this binary has no driver %s, because its main does not list it (docs/weight.md)", d)
}

// address has the parts of a URL.
type address struct {
	host, port, database, user string
	password                   domain.Secret
}

func (a address) endpoint() string { return net.JoinHostPort(a.host, a.port) }

// address parses the URL. Errors contain nothing of it.
func (s *Settings) address() (address, error) {
	schemes := map[Driver][]string{Postgres: {"postgres", "postgresql"}, MySQL: {"mysql", "mariadb"}}[s.Driver]
	ports := map[Driver]string{Postgres: "5432", MySQL: "3306"}
	location, err := url.Parse(s.URL.Reveal())
	if err != nil {
		return address{}, fmt.Errorf("expected %s://user:password@host:port/database; special characters are percent-encoded", s.Driver)
	}
	var known bool
	for _, scheme := range schemes {
		known = known || location.Scheme == scheme
	}
	database := strings.TrimPrefix(location.Path, "/")
	switch {
	case !known || location.Hostname() == "" || database == "" || location.User.Username() == "":
		return address{}, fmt.Errorf("expected %s://user:password@host:port/database, with a user, a host and a database", s.Driver)
	case location.RawQuery != "" || location.Fragment != "":
		return address{}, errors.New("parameters after the database are not allowed; remove them, and use TLS and CA_BUNDLE")
	case strings.ContainsAny(location.Hostname(), ",/"):
		return address{}, errors.New("expected one host")
	}
	port := location.Port()
	if port == "" {
		port = ports[s.Driver]
	}
	password, _ := location.User.Password()
	return address{
		host: location.Hostname(), port: port, database: database,
		user: location.User.Username(), password: domain.NewSecret(password),
	}, nil
}

// Validate checks combinations of variables.
func (s *Settings) Validate(variable func(string) string) []error {
	problems := problem.List{Variable: variable}
	to, err := s.address()
	switch {
	case err != nil:
		problems.Add("URL", err.Error())
	case s.Auth == AuthIAM && !to.password.Empty():
		problems.Addf("URL", "must not have a password with %s=iam", variable("AUTH"))
	case s.Auth == AuthIAM && s.region(to) == "":
		problems.Addf("REGION", "is required with %s=iam, because the host name has no region", variable("AUTH"))
	case s.Auth != AuthIAM && to.password.Empty():
		problems.Addf("URL", "expected a password, unless %s=iam", variable("AUTH"))
	}
	if _, err := translate(s.Query, s.Driver); err != nil {
		problems.Add("QUERY", err.Error())
	}
	if _, err := translate(s.ListQuery, s.Driver); s.ListQuery != "" && !errors.Is(err, errNoPlaceholder) {
		problems.Add("LIST_QUERY", "expected a SELECT without parameters, with closed quotes and comments")
	}
	if s.Auth == AuthIAM && s.TLS != TLSVerify {
		problems.Addf("TLS", "must be verify with %s=iam, because the token is sent as a plain-text password", variable("AUTH"))
	}
	if s.Auth != AuthIAM && s.Region != "" {
		problems.Addf("REGION", "is used only with %s=iam", variable("AUTH"))
	}
	if s.CABundle != "" && s.TLS != TLSVerify {
		problems.Addf("CA_BUNDLE", "is used only with %s=verify", variable("TLS"))
	} else if _, err := s.CABundle.Authorities(); err != nil {
		problems.Add("CA_BUNDLE", err.Error())
	}
	problems.Found = append(problems.Found, s.Hashes.Validate(variable)...)
	if s.Role.RoleARN != "" && s.Auth != AuthIAM {
		problems.Addf("ROLE_ARN", "is used only with %s=iam", variable("AUTH"))
	}
	return append(problems.Found, s.Role.Validate(variable)...)
}

// Warnings lists settings that are valid but unwise.
func (s *Settings) Warnings(variable func(string) string) []string {
	warnings := s.Role.Warnings(variable)
	switch s.TLS {
	case TLSUnverified:
		warnings = append(warnings, variable("TLS")+"=unverified: the server's certificate is not verified, so anyone on the network path can read the hashes and the database password")
	case TLSOff:
		warnings = append(warnings, variable("TLS")+"=off: anyone on the network path to the database can read the hashes")
	case TLSVerify:
	}
	return warnings
}

// namesFactors reports whether the query may have the column for second factors.
// With SELECT *, only its first run shows.
func (s *Settings) namesFactors() bool {
	return strings.Contains(strings.ToLower(s.Query), fields.MFA) || strings.Contains(s.Query, "*")
}

// LooksUp implements the settings of a source.
func (s *Settings) LooksUp() bool { return true }

// LimitsAttempts implements the settings of a source. The database only returns
// hashes, so it cannot count wrong passwords.
func (s *Settings) LimitsAttempts() bool { return false }

// region returns the configured region, or the one in the host name of an RDS
// instance: name.id.region.rds.amazonaws.com, or ….rds.region.amazonaws.com.cn.
func (s *Settings) region(to address) string {
	if s.Region != "" {
		return string(s.Region)
	}
	labels := strings.Split(strings.ToLower(to.host), ".")
	for i, label := range labels {
		if label != "rds" {
			continue
		}
		switch rest := strings.Join(labels[i+1:], "."); {
		case rest == "amazonaws.com" && i > 0:
			return labels[i-1]
		case strings.HasSuffix(rest, ".amazonaws.com.cn"):
			return labels[i+1]
		}
	}
	return ""
}

// tls returns the TLS configuration for the host, or nil without TLS.
func (s *Settings) tls(host string) (*tls.Config, error) {
	if s.TLS == TLSOff {
		return nil, nil //nolint:nilnil // nil means no TLS in the drivers
	}
	authorities, err := s.CABundle.Authorities()
	if err != nil {
		return nil, fmt.Errorf("CA_BUNDLE: %w", err)
	}
	return &tls.Config{
		ServerName:         host,
		RootCAs:            authorities,
		MinVersion:         tls.VersionTLS12,
		InsecureSkipVerify: s.TLS == TLSUnverified, //nolint:gosec // the operator's choice, with a warning
	}, nil
}
