package importfile

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"cognito-user-migration/domain"
)

// Pool is what the rows depend on of the destination.
type Pool struct {
	Header Header
	Schema domain.Schema
	// UsernameIsEmail and UsernameIsPhone hold where the email address or the phone
	// number is the username; one of them is then written as it.
	UsernameIsEmail, UsernameIsPhone bool
	// EmailIsAlias and PhoneIsAlias hold where users can sign in by it too. No
	// username may then look like one.
	EmailIsAlias, PhoneIsAlias bool
	// VerifiesEmail and VerifiesPhone hold where the pool verifies it automatically.
	// Each user needs a verified contact of such a kind.
	VerifiesEmail, VerifiesPhone bool
	// MFARequired holds where the pool requires a second factor of all users.
	MFARequired bool
}

// Vouch says for which contacts the operator vouches: they count as verified,
// whatever the source says.
type Vouch struct{ Email, Phone bool }

// ParseVouch reads a list such as "email,phone_number".
func ParseVouch(text string) (Vouch, error) {
	var v Vouch
	for item := range strings.SplitSeq(text, ",") {
		switch strings.TrimSpace(item) {
		case columnEmail:
			v.Email = true
		case columnPhone:
			v.Phone = true
		default:
			return Vouch{}, errors.New("expected email, phone_number, or both with a comma between them")
		}
	}
	return v, nil
}

// User is a user to be written.
type User struct {
	// Username is the name that the mapping gives; empty leaves it to the pool.
	Username string
	// SourceUsername is written where neither the mapping nor the pool gives a name.
	SourceUsername string
	// Attributes are names and values in turn, under the destination's names.
	Attributes []string
	// Hash is the hash of the password; empty for none.
	Hash string
}

// Reasons for which a row cannot be written, beside those of a decision.
const (
	// ReasonNoColumn: the destination has no such attribute.
	ReasonNoColumn domain.Reason = "attribute_without_column"
	// ReasonLineBreak, ReasonQuote and ReasonBackslash: the format cannot hold the
	// value, or AWS does not say how it is read.
	ReasonLineBreak domain.Reason = "line_break"
	ReasonQuote     domain.Reason = "quote"
	ReasonBackslash domain.Reason = "backslash"
	// ReasonRowTooLong: the row has more than 16,000 characters.
	ReasonRowTooLong domain.Reason = "row_too_long"
	// ReasonNoUsername: the pool's username is a contact that the user lacks.
	ReasonNoUsername domain.Reason = "no_username"
	// ReasonUsernameLooksLikeContact: the pool takes such a name for an alias.
	ReasonUsernameLooksLikeContact domain.Reason = "username_looks_like_contact"
)

// Problem is why a row cannot be written. The zero Problem means that there is no problem.
type Problem struct {
	Reason domain.Reason
	// Attribute is the column concerned, if it is one.
	Attribute string
}

// Rows writes rows for one pool. It is not safe for concurrent use.
type Rows struct {
	pool      Pool
	vouch     Vouch
	positions map[string]int
	columns   []column
	// values are those of the row that is written.
	values []string
	// the places of columns that are not simply attributes; -1 for one that is not
	// there.
	username, mfa, email, emailVerified, phone, phoneVerified int
}

type column struct {
	name     string
	check    domain.AttributeCheck
	date     bool
	required bool
}

// New returns a writer of rows. It returns an error if no user could be imported at
// all.
func New(pool Pool, vouch Vouch) (*Rows, error) {
	r := &Rows{
		pool: pool, vouch: vouch, positions: make(map[string]int), columns: make([]column, len(pool.Header.names)), values: make([]string, len(pool.Header.names)),
		username: -1, mfa: -1, email: -1, emailVerified: -1, phone: -1, phoneVerified: -1,
	}
	if !pool.VerifiesEmail && !pool.VerifiesPhone {
		return nil, errors.New("the destination verifies neither email nor phone_number automatically, so no import job can start; add one to its auto-verified attributes")
	}
	special := map[string]*int{
		columnUsername: &r.username, columnMFA: &r.mfa, columnEmail: &r.email, columnEmailVerified: &r.emailVerified,
		columnPhone: &r.phone, columnPhoneVerified: &r.phoneVerified,
	}
	for i, name := range pool.Header.names {
		if position, ok := special[name]; ok {
			*position = i
		}
		check := pool.Schema.Check(name)
		r.columns[i] = column{name: name, check: check, date: name == "birthdate", required: check.Required()}
		if i != r.username && i != r.mfa && i != pool.Header.hash {
			r.positions[name] = i
		}
	}
	kinds := []struct {
		vouched, verified, isUsername bool
		name                          string
		contact, flag                 int
	}{
		{vouch.Email, pool.VerifiesEmail, pool.UsernameIsEmail, columnEmail, r.email, r.emailVerified},
		{vouch.Phone, pool.VerifiesPhone, pool.UsernameIsPhone, columnPhone, r.phone, r.phoneVerified},
	}
	for _, kind := range kinds {
		if (kind.verified || kind.isUsername) && (kind.contact < 0 || kind.flag < 0) {
			return nil, fmt.Errorf("the header lacks the columns %s and %[1]s_verified, which the destination needs; expected the answer of GetCSVHeader", kind.name)
		}
		if kind.vouched && !kind.verified {
			return nil, fmt.Errorf("the destination does not verify %s automatically, so vouching for it has no effect; do not vouch, or add it to the auto-verified attributes", kind.name)
		}
	}
	return r, nil
}

// Append adds the user's row and its line break to the text. If the row cannot pass,
// it returns the text as it was, and the problem.
func (r *Rows) Append(to []byte, user *User) ([]byte, Problem) {
	clear(r.values)
	for i := 0; i+1 < len(user.Attributes); i += 2 {
		position, there := r.positions[user.Attributes[i]]
		if !there {
			return to, Problem{ReasonNoColumn, user.Attributes[i]}
		}
		r.values[position] = strings.TrimSpace(user.Attributes[i+1])
	}
	if problem := r.settleContacts(); problem.Reason != "" {
		return to, problem
	}
	if problem := r.settleUsername(user); problem.Reason != "" {
		return to, problem
	}
	r.values[r.mfa] = "false"
	if r.pool.MFARequired {
		r.values[r.mfa] = "true"
	}
	if r.pool.Header.hash >= 0 {
		r.values[r.pool.Header.hash] = user.Hash
	}
	start := len(to)
	for i := range r.columns {
		if i > 0 {
			to = append(to, ',')
		}
		value, problem := r.value(i)
		if problem.Reason != "" {
			return to[:start], problem
		}
		to = appendEscaped(to, value)
	}
	if !fits(to[start:]) {
		return to[:start], Problem{Reason: ReasonRowTooLong}
	}
	return append(to, '\n'), Problem{}
}

// settleContacts sets the flags of the contacts, and holds that one counts.
func (r *Rows) settleContacts() Problem {
	counts := false
	settle := func(contact, flag int, vouched, verified bool) {
		if contact < 0 || flag < 0 {
			return
		}
		has := r.values[contact] != "" && (vouched || r.values[flag] == "true")
		r.values[flag] = "false"
		if has {
			r.values[flag] = "true"
			counts = counts || verified
		}
	}
	settle(r.email, r.emailVerified, r.vouch.Email, r.pool.VerifiesEmail)
	settle(r.phone, r.phoneVerified, r.vouch.Phone, r.pool.VerifiesPhone)
	if !counts {
		return Problem{Reason: domain.ReasonNoVerifiedContact}
	}
	return Problem{}
}

func (r *Rows) settleUsername(user *User) Problem {
	name := user.Username
	if name == "" {
		name = user.SourceUsername
	}
	if r.pool.UsernameIsEmail || r.pool.UsernameIsPhone {
		name = r.contactAsUsername()
		if name == "" {
			return Problem{Reason: ReasonNoUsername}
		}
	} else if r.pool.EmailIsAlias && strings.Contains(name, "@") || r.pool.PhoneIsAlias && strings.HasPrefix(name, "+") {
		return Problem{Reason: ReasonUsernameLooksLikeContact}
	}
	if !domain.IsUsername(name) {
		return Problem{Reason: domain.ReasonUsernameInvalid}
	}
	r.values[r.username] = name
	return Problem{}
}

// contactAsUsername is the contact that is the username: a verified one first.
func (r *Rows) contactAsUsername() string {
	for _, flag := range []string{"true", "false"} {
		if r.pool.UsernameIsEmail && r.values[r.emailVerified] == flag && r.values[r.email] != "" {
			return r.values[r.email]
		}
		if r.pool.UsernameIsPhone && r.values[r.phoneVerified] == flag && r.values[r.phone] != "" {
			return r.values[r.phone]
		}
	}
	return ""
}

// value is the checked value of a column, as the file has it.
func (r *Rows) value(i int) (string, Problem) {
	c, value := &r.columns[i], r.values[i]
	switch {
	case value == "" && c.required:
		return "", Problem{domain.ReasonAttributeInvalid, c.name}
	case value == "":
		return "", Problem{}
	}
	if reason := unwritable(value); reason != "" {
		return "", Problem{reason, c.name}
	}
	if i != r.username && i != r.mfa && i != r.pool.Header.hash && !c.check.Fits(value) {
		return "", Problem{domain.ReasonAttributeInvalid, c.name}
	}
	if c.date { // YYYY-MM-DD is mm/dd/yyyy in the file
		value = value[5:7] + "/" + value[8:10] + "/" + value[:4]
	}
	return value, Problem{}
}

// unwritable returns why the format cannot hold a value; empty if it can. What a
// backslash means before anything but a comma is not documented, so one that would
// stand before a comma cannot be written.
func unwritable(value string) domain.Reason {
	for i := 0; i < len(value); i++ {
		switch c := value[i]; {
		case c == '"':
			return ReasonQuote
		case c == '\\' && (i+1 == len(value) || value[i+1] == ','):
			return ReasonBackslash
		case c == '\n', c == '\r', c == '\v', c == '\f':
			return ReasonLineBreak
		case c >= utf8.RuneSelf && (strings.HasPrefix(value[i:], "\u0085") || strings.HasPrefix(value[i:], "\u2028") || strings.HasPrefix(value[i:], "\u2029")):
			return ReasonLineBreak
		}
	}
	return ""
}

func appendEscaped(to []byte, value string) []byte {
	for {
		comma := strings.IndexByte(value, ',')
		if comma < 0 {
			return append(to, value...)
		}
		to = append(append(to, value[:comma]...), '\\', ',')
		value = value[comma+1:]
	}
}

// fits reports whether a row is short enough. Whether a character outside of the
// Basic Multilingual Plane counts as one or as two is not documented: it counts as two.
func fits(row []byte) bool {
	if len(row) <= mostCharacters {
		return true
	}
	units := 0
	for _, c := range string(row) {
		units++
		if c > 0xffff {
			units++
		}
	}
	return units <= mostCharacters
}

// Remedy says what to do about a user who is left out for the reason.
func Remedy(reason domain.Reason) string {
	return remedies()[reason]
}

// remedies has a text for each reason for which a user can be left out.
func remedies() map[domain.Reason]string {
	const correct = "correct the value at the source, and scan again with migratectl report --rescan"
	const never = "decide whether this user may move; the function refuses them too"
	return map[domain.Reason]string{
		domain.ReasonNoVerifiedContact:        "verify a contact of a kind that the destination verifies, or vouch for it with --vouch",
		domain.ReasonAttributeInvalid:         correct,
		domain.ReasonUsernameInvalid:          "give the user a username that Cognito takes, or change MIGRATE_USERNAME",
		domain.ReasonIdentifierNotOwned:       "give each name and contact to one user of the source alone",
		domain.ReasonUserDisabled:             never,
		domain.ReasonUserUnconfirmed:          "the user never confirmed the sign-up; let the user sign up at the destination",
		domain.ReasonUserFederated:            "the user has no password; let the user sign in through the same identity provider",
		domain.ReasonUserArchived:             never,
		domain.ReasonUserCompromised:          never,
		domain.ReasonStatusUnknown:            never,
		domain.ReasonUsernameShared:           "rename all but one of the users who share the name",
		domain.ReasonContactShared:            "leave the contact to one of the users who share it",
		domain.ReasonIdentityOfEarlierSource:  "an earlier source has this user; nothing needs to be done if both are the same user",
		domain.Reason(domain.ConflictSub):     "compare the destination user of the same name or contact; rename one of the two",
		domain.Reason(domain.ConflictContact): "compare the destination user of the same name; rename one of the two",
		domain.Reason(domain.ConflictSeveral): "compare the destination users of the same name or contact; keep one",
		domain.Reason(domain.ConflictClaimed): "compare the source users of the same name or contact; keep one",
		ReasonNoColumn:                        "add the custom attribute to the destination, or remove its rule from MIGRATE_ATTRIBUTES and scan again",
		ReasonLineBreak:                       correct + "; an import file cannot hold a line break",
		ReasonQuote:                           correct + "; an import file has no quotation marks",
		ReasonBackslash:                       correct + "; an import file cannot hold a backslash before a comma or at the end",
		ReasonRowTooLong:                      "shorten the values; a row has at most 16,000 characters",
		ReasonNoUsername:                      "give the user the contact that is the username at the destination",
		ReasonUsernameLooksLikeContact:        "rename the user, or move the user by a sign-in; the destination takes the name for an alias",
		ReasonSignedInRecently:                "let the user sign in, which keeps the password; or include such users with --include-recent",
		ReasonPasswordHash:                    "the hash cannot be imported; leave out --hashes to import the user without a password",
	}
}

// Reasons that concern the whole export.
const (
	// ReasonSignedInRecently: the user signs in at the source, and so will move with
	// the password.
	ReasonSignedInRecently domain.Reason = "signed_in_recently"
	// ReasonPasswordHash: the format cannot hold the user's password hash.
	ReasonPasswordHash domain.Reason = "password_hash_invalid"
)

// Reasons lists every reason for which a user can be left out.
func Reasons() []domain.Reason {
	reasons := make([]domain.Reason, 0, len(remedies()))
	for reason := range remedies() {
		reasons = append(reasons, reason)
	}
	slices.Sort(reasons)
	return reasons
}
