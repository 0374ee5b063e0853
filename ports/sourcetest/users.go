package sourcetest

import (
	"maps"

	"cognito-user-migration/domain"
)

// User is a user whom a harness adds to its directory.
type User struct {
	// Username and Password are the credentials for a sign-in.
	Username, Password string
	// Status has Cognito's names. A directory with other states uses the
	// corresponding state.
	Status domain.UserStatus
	// Disabled: an administrator disabled the user.
	Disabled bool
	// MFA is the enabled and preferred second factor; empty for none.
	MFA domain.MFAMethod
	// Sub is an identifier for directories that declare [KeepsSubs].
	Sub string
	// Attributes has all attributes, with Cognito's names.
	Attributes map[string]string

	// needs is the capability that the user requires.
	needs Capability
}

// Usernames, by what is special about the user.
const (
	verified    = "alice.verified"
	unverified  = "bob.unverified"
	unsaid      = "carol.unsaid"
	disabled    = "dora.disabled"
	unconfirmed = "uma.unconfirmed"
	federated   = "finn.federated"
	temporary   = "tess.temporary"
	reset       = "rolf.reset"
	smsUser     = "mia.sms"
	totpUser    = "theo.totp"
	emailUser   = "ella.emailotp"
	twin        = "tina.twin"
	otherTwin   = "tom.twin"
	unicodeName = "名前.ünïcödé-Ж"
	signsName   = `o'brien()*\"%_&|;--`

	unknown = "nobody.unknown"

	twinsEmail = "twins@example.net"
)

// Users lists the users of a directory with these capabilities.
func Users(declared ...Capability) []User {
	var users []User
	for _, known := range allUsers() {
		if known.needs == "" || (Harness{Declared: declared}).declares(known.needs) {
			users = append(users, known)
		}
	}
	return users
}

func allUsers() []User {
	users := []User{
		{Username: verified, Password: "Right-Password-1 of Alice"},
		{Username: unverified, Password: "Right-Password-2 of Bob"},
		{Username: unsaid, Password: "Right-Password-3 of Carol"},
		{Username: unicodeName, Password: "Pässwörd-4 密码 🦆 Ж"},
		{Username: signsName, Password: `Pa55 ()*\'"%_&|;-- <b>`},
		{Username: disabled, Password: "Right-Password-6 of Dora", Disabled: true, needs: DisabledUsers},
		{Username: unconfirmed, Password: "Right-Password-7 of Uma", Status: domain.StatusUnconfirmed, needs: UnconfirmedUsers},
		{Username: federated, Status: domain.StatusExternalProvider, needs: FederatedUsers},
		{Username: temporary, Password: "Right-Password-8 of Tess", Status: domain.StatusForceChangePassword, needs: TemporaryPasswords},
		{Username: reset, Password: "Right-Password-9 of Rolf", Status: domain.StatusResetRequired, needs: Resets},
		{Username: smsUser, Password: "Right-Password-10 of Mia", MFA: domain.MFASMS, needs: SMSMFA},
		{Username: totpUser, Password: "Right-Password-11 of Theo", MFA: domain.MFASoftwareToken, needs: SoftwareTokenMFA},
		{Username: emailUser, Password: "Right-Password-12 of Ella", MFA: domain.MFAEmail, needs: EmailMFA},
		{Username: twin, Password: "Right-Password-13 of Tina", needs: Ambiguity},
		{Username: otherTwin, Password: "Right-Password-14 of Tom", needs: Ambiguity},
	}
	for i := range users {
		p := &users[i]
		if p.Status == "" {
			p.Status = domain.StatusConfirmed
		}
		p.Sub = "5ab00000-0000-4000-8000-0000000000" + string(rune('a'+i/10)) + string(rune('0'+i%10))
		p.Attributes = attributesOf(p.Username, i)
	}
	return users
}

// attributesOf returns a verified email address for most users, and special
// values for others.
func attributesOf(username string, i int) map[string]string {
	attributes := map[string]string{
		"email":          "person-" + string(rune('a'+i)) + "@example.com",
		"email_verified": "true",
	}
	switch username {
	case verified:
		maps.Copy(attributes, map[string]string{
			"email":                 "alice@example.com",
			"phone_number":          "+815012345678",
			"phone_number_verified": "false",
			"name":                  `Alice "Läl" 愛麗絲 O'Liddell <a@b>, =?%_`,
			"given_name":            "Alice",
			"updated_at":            "1700000000",
		})
	case unverified:
		attributes["email_verified"] = "false"
	case unsaid:
		delete(attributes, "email_verified")
	case twin, otherTwin:
		attributes["email"] = twinsEmail
	}
	return attributes
}
