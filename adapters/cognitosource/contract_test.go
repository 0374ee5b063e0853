package cognitosource_test

import (
	"net/http"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"

	"cognito-user-migration/adapters/cognitosource"
	"cognito-user-migration/adapters/cognitosource/listing"
	"cognito-user-migration/domain"
	"cognito-user-migration/ports"
	"cognito-user-migration/ports/sourcetest"
	"cognito-user-migration/test/process"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
)

// Against software that no one here wrote. It leaves out what moto does not
// do: aliases, letter case, a demanded reset's own error.
func TestTheCognitoSourceKeepsTheContractAgainstMoto(t *testing.T) {
	t.Parallel()
	url := process.Moto().Start(t)
	for _, way := range ways() {
		t.Run(string(way), func(t *testing.T) {
			pool := newMotoPool(t, url)
			var asked counting
			asked.HTTPClient = awshttp.NewBuildableClient()
			open := func(url string, poolID string) ports.SourceDirectory {
				settings := cognitosource.Settings{
					UserPoolID: cognitosource.UserPoolID(poolID), ClientID: cognitosource.ClientID(pool.clientID), Profile: way,
				}
				config := aws.Config{BaseEndpoint: aws.String(url), HTTPClient: &asked}
				return cognitosource.Open("old", config, static{}, settings, domain.DefaultRules().NeedsProfile)
			}
			declared := []sourcetest.Capability{
				sourcetest.DisabledUsers, sourcetest.TemporaryPasswords,
				sourcetest.SMSMFA, sourcetest.SoftwareTokenMFA, sourcetest.MakesSubs,
				sourcetest.CountsQuestions, sourcetest.Unreachability, sourcetest.Misconfiguration, sourcetest.Silence, sourcetest.Lists,
			}
			if way != cognitosource.ProfileIDToken {
				// Moto gives even these a token, which does not tell.
				declared = append(declared, sourcetest.UnconfirmedUsers)
			}
			sourcetest.Run(t, sourcetest.Harness{
				Name:     "old",
				Declared: declared,
				Open: func(t *testing.T, people []sourcetest.User) ports.SourceDirectory {
					for _, person := range people {
						pool.add(t, person)
					}
					return open(url, pool.id)
				},
				Questions:     func() int { return int(asked.signIns.Load()) },
				Lister:        func() ports.UserLister { return listing.New(pool.lister(), pool.id) },
				Unreachable:   func(t *testing.T) ports.SourceDirectory { return open("http://"+process.ClosedAddress(t), pool.id) },
				Misconfigured: func(*testing.T) ports.SourceDirectory { return open(url, "us-east-1_NoSuchPool") },
				Silent:        func(t *testing.T) ports.SourceDirectory { return open("http://"+process.SilentAddress(t), pool.id) },
			})
		})
	}
	t.Run("a pool whose users sign in by email", func(t *testing.T) { signInByEmail(t, url) })
}

// In a pool that signs in by email the name that was typed is no username: the
// pool made one, which is the sub.
func signInByEmail(t *testing.T, url string) {
	pool := newMotoPool(t, url, types.UsernameAttributeTypeEmail)
	pool.add(t, sourcetest.User{
		Username: "hanako@example.com", Password: password, Status: domain.StatusConfirmed,
		Attributes: map[string]string{"email_verified": "true"},
	})
	pool.add(t, sourcetest.User{Username: "taro@example.com", Password: password, Status: domain.StatusConfirmed})
	for _, way := range ways() {
		settings := cognitosource.Settings{
			UserPoolID: cognitosource.UserPoolID(pool.id), ClientID: cognitosource.ClientID(pool.clientID), Profile: way,
		}
		source := cognitosource.Open("old", configFor(url), static{}, settings, domain.DefaultRules().NeedsProfile)
		finding, err := source.Authenticate(t.Context(), "hanako@example.com", domain.NewPassword(password))
		if err != nil || finding.Kind != domain.PasswordAccepted {
			t.Fatalf("%s: %v, %v", way, finding, err)
		}
		if user := finding.User; user.Username == "" || user.Username != user.Sub || user.Attributes["email"] != "hanako@example.com" {
			t.Errorf("%s: the user is %q with sub %q", way, user.Username, user.Sub)
		}
		// Such a pool takes an address that nobody proved, and gives it to nobody else.
		finding, err = source.Authenticate(t.Context(), "taro@example.com", domain.NewPassword(password))
		if user := finding.User; err != nil || user.Attributes["email_verified"] == "true" || !user.Owns("taro@example.com") {
			t.Errorf("%s: not proved: %v of %q, %v", way, finding, user.Username, err)
		}
	}
}

// ways are those in which a profile can be read.
func ways() []cognitosource.Profile {
	return []cognitosource.Profile{cognitosource.ProfileAdminGetUser, cognitosource.ProfileConcurrent, cognitosource.ProfileIDToken}
}

// counting counts the sign-ins that are sent.
type counting struct {
	aws.HTTPClient
	signIns atomic.Int64
}

// Do implements aws.HTTPClient.
func (c *counting) Do(request *http.Request) (*http.Response, error) {
	if strings.HasSuffix(request.Header.Get("X-Amz-Target"), "."+signIn) {
		c.signIns.Add(1)
	}
	return c.HTTPClient.Do(request)
}

// motoPool is a user pool in moto, with an app client.
type motoPool struct {
	api          *cognitoidentityprovider.Client
	id, clientID string
}

func newMotoPool(t *testing.T, url string, names ...types.UsernameAttributeType) *motoPool {
	t.Helper()
	p := &motoPool{api: cognitoidentityprovider.New(cognitoidentityprovider.Options{
		BaseEndpoint: aws.String(url), Region: "us-east-1",
		Credentials: credentials.NewStaticCredentialsProvider("administrator", "secret", ""),
	})}
	pool, err := p.api.CreateUserPool(t.Context(), &cognitoidentityprovider.CreateUserPoolInput{
		PoolName: aws.String("source"), UsernameAttributes: names,
	})
	if err != nil {
		t.Fatal(err)
	}
	p.id = aws.ToString(pool.UserPool.Id)
	client, err := p.api.CreateUserPoolClient(t.Context(), &cognitoidentityprovider.CreateUserPoolClientInput{
		UserPoolId: &p.id, ClientName: aws.String("migration"),
		ReadAttributes: append(domain.StandardAttributes(), "email_verified", "phone_number_verified"),
	})
	if err != nil {
		t.Fatal(err)
	}
	p.clientID = aws.ToString(client.UserPoolClient.ClientId)
	return p
}

// lister is the client that a report lists with.
func (p *motoPool) lister() *cognitoidentityprovider.Client {
	o := p.api.Options()
	return listing.NewClient(aws.Config{BaseEndpoint: o.BaseEndpoint, Region: o.Region, Credentials: o.Credentials}, o.Region)
}

// add puts a person into the pool, in the state that they are to be in.
func (p *motoPool) add(t *testing.T, person sourcetest.User) {
	t.Helper()
	must := func(_ any, err error) {
		t.Helper()
		if err != nil {
			t.Fatalf("%q: %v", person.Username, err)
		}
	}
	ctx, id, name := t.Context(), &p.id, &person.Username
	var attributes []types.AttributeType
	for attribute, value := range person.Attributes {
		attributes = append(attributes, types.AttributeType{Name: aws.String(attribute), Value: aws.String(value)})
	}
	if person.Status == domain.StatusUnconfirmed {
		must(p.api.SignUp(ctx, &cognitoidentityprovider.SignUpInput{
			ClientId: &p.clientID, Username: name, Password: &person.Password, UserAttributes: attributes,
		}))
		return
	}
	must(p.api.AdminCreateUser(ctx, &cognitoidentityprovider.AdminCreateUserInput{
		UserPoolId: id, Username: name, TemporaryPassword: &person.Password, UserAttributes: attributes,
	}))
	if person.Status == domain.StatusConfirmed {
		must(p.api.AdminSetUserPassword(ctx, &cognitoidentityprovider.AdminSetUserPasswordInput{
			UserPoolId: id, Username: name, Password: &person.Password, Permanent: true,
		}))
	}
	switch person.MFA {
	case domain.MFASMS:
		must(p.api.AdminSetUserMFAPreference(ctx, &cognitoidentityprovider.AdminSetUserMFAPreferenceInput{
			UserPoolId: id, Username: name, SMSMfaSettings: &types.SMSMfaSettingsType{Enabled: true, PreferredMfa: true},
		}))
	case domain.MFASoftwareToken:
		p.registerToken(t, person)
	}
	if person.Disabled {
		must(p.api.AdminDisableUser(ctx, &cognitoidentityprovider.AdminDisableUserInput{UserPoolId: id, Username: name}))
	}
}

// registerToken makes the person one who has an authenticator app. Moto takes
// any code.
func (p *motoPool) registerToken(t *testing.T, person sourcetest.User) {
	t.Helper()
	answer, err := p.api.AdminInitiateAuth(t.Context(), &cognitoidentityprovider.AdminInitiateAuthInput{
		UserPoolId: &p.id, ClientId: &p.clientID, AuthFlow: types.AuthFlowTypeAdminUserPasswordAuth,
		AuthParameters: map[string]string{"USERNAME": person.Username, "PASSWORD": person.Password},
	})
	if err != nil {
		t.Fatal(err)
	}
	token := answer.AuthenticationResult.AccessToken
	if _, err := p.api.AssociateSoftwareToken(t.Context(), &cognitoidentityprovider.AssociateSoftwareTokenInput{AccessToken: token}); err != nil {
		t.Fatal(err)
	}
	if _, err := p.api.VerifySoftwareToken(t.Context(), &cognitoidentityprovider.VerifySoftwareTokenInput{AccessToken: token, UserCode: aws.String("123456")}); err != nil {
		t.Fatal(err)
	}
	if _, err := p.api.AdminSetUserMFAPreference(t.Context(), &cognitoidentityprovider.AdminSetUserMFAPreferenceInput{
		UserPoolId: &p.id, Username: &person.Username,
		SoftwareTokenMfaSettings: &types.SoftwareTokenMfaSettingsType{Enabled: true, PreferredMfa: true},
	}); err != nil {
		t.Fatal(err)
	}
}

// A stub answers as AWS documents it where no peer does. This covers aliases, letter
// case, what a client hides, and the errors for resets and unconfirmed users.
func TestTheCognitoSourceKeepsTheContractAsDocumented(t *testing.T) {
	t.Parallel()
	common := []sourcetest.Capability{
		sourcetest.DisabledUsers, sourcetest.UnconfirmedUsers, sourcetest.FederatedUsers,
		sourcetest.TemporaryPasswords, sourcetest.Resets,
		sourcetest.SMSMFA, sourcetest.SoftwareTokenMFA, sourcetest.EmailMFA,
		sourcetest.EmailAliases, sourcetest.KeepsSubs, sourcetest.CountsQuestions,
		sourcetest.Unreachability, sourcetest.Throttling, sourcetest.Misconfiguration, sourcetest.Silence,
		sourcetest.Closure, sourcetest.Unreadability, sourcetest.CertifiesUnjudged,
	}
	for name, pool := range map[string]documentedPool{
		"case-sensitive":                     {},
		"case-insensitive":                   {caseInsensitive: true},
		"a client that hides unknown users":  {hidesUnknown: true},
		"profiles from the ID token":         {caseInsensitive: true, way: cognitosource.ProfileIDToken},
		"profiles read beside the sign-in":   {caseInsensitive: true, way: cognitosource.ProfileConcurrent},
		"so, where unknown users are hidden": {hidesUnknown: true, way: cognitosource.ProfileConcurrent},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStub(t, pool.answer)
			way := func(s *cognitosource.Settings) { s.Profile = pool.way }
			harness := sourcetest.Harness{
				Name:     "old",
				Declared: common,
				Open: func(_ *testing.T, people []sourcetest.User) ports.SourceDirectory {
					pool.people = people
					return s.open(way)
				},
				Questions: func() int { return s.count(signIn) },
				Unreachable: func(t *testing.T) ports.SourceDirectory {
					return newStub(t, always(exception("InternalErrorException", "We are out, "+username))).open(way)
				},
				Throttled: func(t *testing.T) ports.SourceDirectory {
					return newStub(t, always(exception("TooManyRequestsException", "Rate exceeded for alice.verified"))).open(way)
				},
				Misconfigured: func(t *testing.T) ports.SourceDirectory {
					return newStub(t, always(exception("AccessDeniedException", "alice.verified is not authorized to perform"))).open(way)
				},
				Silent: func(t *testing.T) ports.SourceDirectory {
					s := stub{url: "http://" + process.SilentAddress(t)}
					return s.open(way)
				},
				Closed: func(t *testing.T) ports.SourceDirectory {
					s := stub{url: "http://" + process.ClosedAddress(t)}
					return s.open(way)
				},
				Unreadable: func(t *testing.T) ports.SourceDirectory {
					return newStub(t, always(exception("SomethingNewException", "of which nobody knows"))).open(way)
				},
			}
			if pool.caseInsensitive {
				harness.Declared = append(harness.Declared[:len(common):len(common)], sourcetest.CaseInsensitive)
			}
			if pool.hidesUnknown {
				harness.Declared = append(harness.Declared[:len(common):len(common)], sourcetest.HidesUnknownUsers)
			}
			sourcetest.Run(t, harness)
		})
	}
}

// documentedPool answers as Cognito's documentation has it (cognito-facts 23 to 26).
type documentedPool struct {
	people                        []sourcetest.User
	caseInsensitive, hidesUnknown bool
	way                           cognitosource.Profile
}

func (p *documentedPool) answer(c call) reply {
	if c.operation == getUser {
		return p.getUser(c.body.Username)
	}
	return p.signIn(c.body.AuthParameters["USERNAME"], c.body.AuthParameters["PASSWORD"])
}

func (p *documentedPool) lookUp(name string) (sourcetest.User, bool) {
	equal := func(a, b string) bool { return a == b }
	if p.caseInsensitive {
		equal = strings.EqualFold
	}
	for _, person := range p.people {
		if equal(name, person.Username) || equal(name, person.Attributes["email"]) {
			return person, true
		}
	}
	return sourcetest.User{}, false
}

func (p *documentedPool) signIn(name, typed string) reply {
	person, there := p.lookUp(name)
	switch {
	case !there && p.hidesUnknown:
		return exception("NotAuthorizedException", "Incorrect username or password.")
	case !there:
		return exception("UserNotFoundException", "User does not exist.")
	case person.Disabled:
		return exception("NotAuthorizedException", "User is disabled.")
	case person.Status == domain.StatusResetRequired:
		return exception("PasswordResetRequiredException", "Password reset required for the user")
	case person.Status == domain.StatusExternalProvider, typed != person.Password:
		return exception("NotAuthorizedException", "Incorrect username or password.")
	case person.Status == domain.StatusUnconfirmed:
		return exception("UserNotConfirmedException", "User is not confirmed.")
	case person.Status == domain.StatusForceChangePassword:
		return challenge("NEW_PASSWORD_REQUIRED")
	case person.MFA != "":
		return challenge(string(person.MFA))
	}
	claims := map[string]any{
		"sub": person.Sub, "cognito:username": person.Username, "token_use": "id", "exp": 1700003600,
		"iss": "https://cognito-idp.ap-northeast-1.amazonaws.com/ap-northeast-1_AbCdEf123",
	}
	for attribute, value := range person.Attributes {
		switch attribute {
		case "email_verified", "phone_number_verified":
			claims[attribute] = value == "true"
		case "updated_at":
			claims[attribute] = 1700000000
		default:
			claims[attribute] = value
		}
	}
	return signedIn(claims)
}

// usernames are of these characters, says the API reference of AdminGetUser.
var usernames = regexp.MustCompile(`^[\p{L}\p{M}\p{S}\p{N}\p{P}]{1,128}$`)

func (p *documentedPool) getUser(name string) reply {
	if !usernames.MatchString(name) {
		return exception("InvalidParameterException", `1 validation error detected: Value at 'username' failed to satisfy constraint: `+
			`Member must satisfy regular expression pattern: [\p{L}\p{M}\p{S}\p{N}\p{P}]+`)
	}
	person, there := p.lookUp(name)
	if !there {
		return exception("UserNotFoundException", "User does not exist.")
	}
	values := map[string]string{"sub": person.Sub}
	for attribute, value := range person.Attributes {
		values[attribute] = value
	}
	change := map[string]any{
		"Username": person.Username, "Enabled": !person.Disabled, "UserStatus": person.Status, "UserAttributes": attributes(values),
	}
	if person.MFA != "" {
		change["UserMFASettingList"], change["PreferredMfaSetting"] = []domain.MFAMethod{person.MFA}, person.MFA
	}
	return profile(change)
}
