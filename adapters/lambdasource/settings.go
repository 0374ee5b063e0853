package lambdasource

import (
	"cmp"
	"errors"
	"strings"

	"cognito-user-migration/adapters/internal/awsname"
	"cognito-user-migration/adapters/internal/awsrole"
	"cognito-user-migration/adapters/internal/errorcodes"
	"cognito-user-migration/adapters/internal/problem"
	"cognito-user-migration/domain"
)

// Settings are the variables of a Lambda function as source.
type Settings struct {
	Function     FunctionName   `env:"FUNCTION,required" takes:"the name or ARN of a function" desc:"The function that is invoked."`
	Qualifier    Qualifier      `env:"QUALIFIER" takes:"a version or an alias" desc:"The version or alias of the function. Default: the one in the ARN, or the latest version."`
	Region       awsname.Region `env:"REGION" takes:"an AWS region" desc:"The region of the function. Default: the one in its ARN, or this function's."`
	Contract     Contract       `env:"CONTRACT" envDefault:"keycloak" takes:"keycloak, trigger" desc:"What the function is asked: \u0060keycloak\u0060 is for a function of your own, \u0060trigger\u0060 for an existing user migration function. See docs/sources/lambda.md."`
	PasswordBy   PasswordBy     `env:"PASSWORD_BY" envDefault:"username" takes:"username, id" desc:"(\u0060keycloak\u0060) The name that is sent with a password: the username, or the ID in the profile."`
	ErrorCodes   errorcodes.Map `env:"ERROR_CODES" takes:"ERROR=FINDING, separated by commas" desc:"Findings, such as \u0060no such account=user_unknown\u0060, for errors that the function throws. An error is its type or its message; {username} stands for the typed name. docs/sources/lambda.md lists the findings."`
	OutageErrors Errors         `env:"OUTAGE_ERRORS" takes:"types or messages of errors, separated by commas" desc:"(\u0060trigger\u0060) Errors that the function throws when something else failed. They are outages and not refusals."`

	// Role invokes a function of another account.
	Role awsrole.Settings
}

// Contract is what the function is asked.
type Contract string

// Contracts.
const (
	// Keycloak has the JSON of the HTTP source's contract of that name.
	Keycloak Contract = "keycloak"
	// Trigger is Cognito's user migration trigger.
	Trigger Contract = "trigger"
)

// UnmarshalText implements [encoding.TextUnmarshaler]. An error lists the choices.
func (c *Contract) UnmarshalText(text []byte) error {
	return domain.Choose(c, text, Keycloak, Trigger)
}

// PasswordBy is the identifier that is sent with a password.
type PasswordBy string

// Identifiers.
const (
	PasswordByUsername PasswordBy = "username"
	PasswordByID       PasswordBy = "id"
)

// UnmarshalText implements [encoding.TextUnmarshaler]. An error lists the choices.
func (p *PasswordBy) UnmarshalText(text []byte) error {
	return domain.Choose(p, text, PasswordByUsername, PasswordByID)
}

// FunctionName is the name or the ARN of a function.
type FunctionName string

// UnmarshalText implements [encoding.TextUnmarshaler].
func (f *FunctionName) UnmarshalText(text []byte) error {
	if _, ok := awsname.ParseFunction(string(text)); !ok {
		return errors.New("expected the name of a function, 1 to 64 letters, digits and the signs _-, or a function's ARN")
	}
	*f = FunctionName(text)
	return nil
}

// Qualifier is a version or an alias.
type Qualifier string

// UnmarshalText implements [encoding.TextUnmarshaler].
func (q *Qualifier) UnmarshalText(text []byte) error {
	if !awsname.IsQualifier(string(text)) {
		return errors.New("expected a version such as 3, or an alias: 1 to 128 letters, digits and the signs _-")
	}
	*q = Qualifier(text)
	return nil
}

// Errors are types or messages of errors.
type Errors []string

// UnmarshalText implements [encoding.TextUnmarshaler].
func (e *Errors) UnmarshalText(text []byte) error {
	var read Errors
	for entry := range strings.SplitSeq(string(text), ",") {
		if entry = strings.TrimSpace(entry); entry != "" {
			read = append(read, entry)
		}
	}
	*e = read
	return nil
}

// target returns the function and its qualifier, as Invoke takes them.
func (s *Settings) target() (function, qualifier string) {
	parsed, _ := awsname.ParseFunction(string(s.Function))
	return cmp.Or(parsed.ARN, parsed.Name), cmp.Or(string(s.Qualifier), parsed.Qualifier)
}

// region is the function's; empty for the region of this function.
func (s *Settings) region() string {
	parsed, _ := awsname.ParseFunction(string(s.Function))
	return cmp.Or(string(s.Region), parsed.Region)
}

// Validate reports what no single variable shows.
func (s *Settings) Validate(variable func(string) string) []error {
	problems := problem.List{Variable: variable}
	function, _ := awsname.ParseFunction(string(s.Function))
	if s.Qualifier != "" && function.Qualifier != "" && string(s.Qualifier) != function.Qualifier {
		problems.Addf("QUALIFIER", "contradicts the qualifier in %s; set one of them", variable("FUNCTION"))
	}
	if s.Region != "" && function.Region != "" && string(s.Region) != function.Region {
		problems.Addf("REGION", "contradicts the region in %s; remove it", variable("FUNCTION"))
	}
	if s.PasswordBy == PasswordByID && s.Contract != Keycloak {
		problems.Addf("PASSWORD_BY", "is used with %s=keycloak alone", variable("CONTRACT"))
	}
	if len(s.OutageErrors) > 0 && s.Contract != Trigger {
		problems.Addf("OUTAGE_ERRORS", "is used with %s=trigger alone; with keycloak, every error is an outage", variable("CONTRACT"))
	}
	return append(problems.Found, s.Role.Validate(variable)...)
}

// Warnings lists settings that are valid but unwise.
func (s *Settings) Warnings(variable func(string) string) []string {
	return s.Role.Warnings(variable)
}

// LooksUp implements the settings of a source.
func (s *Settings) LooksUp() bool { return true }

// LimitsAttempts implements the settings of a source. It is not known whether the
// function counts wrong passwords.
func (s *Settings) LimitsAttempts() bool { return false }
