package tail

import "regexp"

// Algorithms are the password hash algorithms of the import job
// ("CreateUserImportJob", Amazon Cognito API Reference).
func Algorithms() []string {
	return []string{"ARGON2ID", "BCRYPT", "PBKDF2_SHA256", "SCRYPT"}
}

// The forms of hashes that name their algorithm and its parameters.
var (
	bcryptForm = regexp.MustCompile(`^\$2[aby]?\$\d\d\$[./A-Za-z0-9]{53}$`)
	argon2Form = regexp.MustCompile(`^\$argon2id\$(v=\d+\$)?m=\d+,t=\d+,p=\d+\$[^$\s]+\$[^$\s]+$`)
	scryptForm = regexp.MustCompile(`^\$(scrypt|7)\$[^\s]+$`)
	pbkdf2Form = regexp.MustCompile(`^(\$pbkdf2-sha256\$|pbkdf2_sha256\$|\$pbkdf2_sha256\$)[^\s]+$`)
)

// HashOf tells the algorithm of a hash. It is empty for one that Cognito has no
// algorithm for.
func HashOf(text string) Hash {
	for _, form := range []struct {
		algorithm string
		form      *regexp.Regexp
	}{{"BCRYPT", bcryptForm}, {"ARGON2ID", argon2Form}, {"SCRYPT", scryptForm}, {"PBKDF2_SHA256", pbkdf2Form}} {
		if form.form.MatchString(text) {
			return Hash{form.algorithm, text}
		}
	}
	return Hash{}
}
