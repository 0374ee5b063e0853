package sourcetest

import (
	"maps"

	"cognito-user-migration/domain"
)

// Person is somebody whom a harness puts into its directory.
type Person struct {
	// Username and Password are what they sign in with.
	Username, Password string
	// Status is in Cognito's words. A directory that has other words puts the
	// person into the state that these stand for.
	Status domain.UserStatus
	// Disabled: an administrator switched them off.
	Disabled bool
	// MFA is the second factor that is switched on, and preferred; empty for none.
	MFA domain.MFAMethod
	// Sub is an identifier for directories that declare [KeepsSubs].
	Sub string
	// Attributes are all there are, under Cognito's names.
	Attributes map[string]string

	// needs is the capability without which they are not put in.
	needs Capability
}

// The people, by what is particular about them.
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

// People lists the people of a directory with these capabilities.
func People(declared ...Capability) []Person {
	var people []Person
	for _, person := range everybody() {
		if person.needs == "" || (Harness{Declared: declared}).declares(person.needs) {
			people = append(people, person)
		}
	}
	return people
}

func everybody() []Person {
	people := []Person{
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
	for i := range people {
		p := &people[i]
		if p.Status == "" {
			p.Status = domain.StatusConfirmed
		}
		p.Sub = "5ab00000-0000-4000-8000-0000000000" + string(rune('a'+i/10)) + string(rune('0'+i%10))
		p.Attributes = attributesOf(p.Username, i)
	}
	return people
}

// attributesOf gives most people a verified email address, and what is
// particular to the others.
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
