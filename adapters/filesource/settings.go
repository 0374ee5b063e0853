package filesource

import (
	"encoding/base64"
	"strings"

	"cognito-user-migration/adapters/internal/hashed"
	"cognito-user-migration/adapters/internal/passwordhash"
	"cognito-user-migration/adapters/internal/problem"
	"cognito-user-migration/domain"
)

// Settings are the variables of a file source.
type Settings struct {
	Path                  string        `env:"PATH,required" takes:"the path of a file" desc:"The file with the users. docs/file-source.md describes its formats."`
	Format                Format        `env:"FORMAT" envDefault:"json" takes:"json, csv, firebase" desc:"The format of the file: this project's JSON or CSV, or the JSON of \u0060firebase auth:export\u0060."`
	FirebaseSignerKey     domain.Secret `env:"FIREBASE_SIGNER_KEY" takes:"the base64_signer_key of the project" desc:"Firebase's password hash parameter. Required with \u0060FORMAT=firebase\u0060."`
	FirebaseSaltSeparator string        `env:"FIREBASE_SALT_SEPARATOR" envDefault:"Bw==" takes:"the base64_salt_separator of the project" desc:"Firebase's password hash parameter."`
	FirebaseRounds        int           `env:"FIREBASE_ROUNDS" envDefault:"8" takes:"1 to 8" desc:"Firebase's password hash parameter."`
	FirebaseMemCost       int           `env:"FIREBASE_MEM_COST" envDefault:"14" takes:"1 to 14" desc:"Firebase's password hash parameter."`
	Passwords             hashed.Passwords
}

// Format is the format of a file.
type Format string

// Supported formats. An empty Format means FormatJSON.
const (
	FormatJSON     Format = "json"
	FormatCSV      Format = "csv"
	FormatFirebase Format = "firebase"
)

// UnmarshalText implements [encoding.TextUnmarshaler]. An error lists the choices.
func (f *Format) UnmarshalText(text []byte) error {
	return domain.Choose(f, text, FormatJSON, FormatCSV, FormatFirebase)
}

// Validate checks combinations of variables. The file is read when it is
// opened.
func (s *Settings) Validate(variable func(string) string) []error {
	problems := problem.List{Variable: variable}
	problems.Found = append(problems.Found, s.Passwords.Validate(variable)...)
	if s.Format != FormatFirebase {
		if !s.FirebaseSignerKey.Empty() {
			problems.Addf("FIREBASE_SIGNER_KEY", "is used only with %s=%s", variable("FORMAT"), FormatFirebase)
		}
		return problems.Found
	}
	switch {
	case s.FirebaseSignerKey.Empty():
		problems.Addf("FIREBASE_SIGNER_KEY", "is required with %s=%s; expected the base64_signer_key of the project", variable("FORMAT"), FormatFirebase)
	case !isBase64(s.FirebaseSignerKey.Reveal()):
		problems.Add("FIREBASE_SIGNER_KEY", "expected the base64_signer_key of the project, as the console shows it")
	}
	if !isBase64(s.FirebaseSaltSeparator) {
		problems.Add("FIREBASE_SALT_SEPARATOR", "expected the base64_salt_separator of the project, as the console shows it")
	}
	if s.FirebaseRounds < 1 || s.FirebaseRounds > 8 {
		problems.Add("FIREBASE_ROUNDS", "expected 1 to 8")
	}
	if s.FirebaseMemCost < 1 || s.FirebaseMemCost > 14 {
		problems.Add("FIREBASE_MEM_COST", "expected 1 to 14")
	}
	return problems.Found
}

// isBase64 reports whether the text is Base64 in either alphabet.
func isBase64(text string) bool {
	_, err := base64.StdEncoding.Strict().DecodeString(strings.NewReplacer("-", "+", "_", "/").Replace(text))
	return err == nil
}

// Retires reports whether users can be removed from a file of this format.
func (s *Settings) Retires() bool { return s.Format == "" || s.Format == FormatJSON }

func (s *Settings) firebase() passwordhash.Firebase {
	return passwordhash.Firebase{
		SignerKey:     s.FirebaseSignerKey.Reveal(),
		SaltSeparator: s.FirebaseSaltSeparator,
		Rounds:        s.FirebaseRounds,
		MemCost:       s.FirebaseMemCost,
	}
}

// Warnings lists settings that are valid but unwise.
func (s *Settings) Warnings(func(string) string) []string { return nil }

// LooksUp implements the settings of a source.
func (s *Settings) LooksUp() bool { return true }

// LimitsAttempts implements the settings of a source. A file does not count
// attempts.
func (s *Settings) LimitsAttempts() bool { return false }
