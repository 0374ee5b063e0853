package listing_test

import (
	"context"
	"errors"
	"slices"
	"testing"

	"cognito-user-migration/adapters/cognitosource/listing"
	"cognito-user-migration/domain"
	"cognito-user-migration/ports"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/aws/smithy-go"
)

// stub answers ListUsers with these pages, one after the other.
type stub struct {
	listing.API
	pages  []*cognitoidentityprovider.ListUsersOutput
	err    error
	inputs []cognitoidentityprovider.ListUsersInput
}

func (s *stub) ListUsers(_ context.Context, input *cognitoidentityprovider.ListUsersInput, _ ...func(*cognitoidentityprovider.Options)) (*cognitoidentityprovider.ListUsersOutput, error) {
	s.inputs = append(s.inputs, *input)
	if len(s.pages) == 0 {
		return nil, s.err
	}
	page := s.pages[0]
	s.pages = s.pages[1:]
	return page, nil
}

func page(token string, names ...string) *cognitoidentityprovider.ListUsersOutput {
	output := &cognitoidentityprovider.ListUsersOutput{}
	if token != "" {
		output.PaginationToken = &token
	}
	for _, name := range names {
		output.Users = append(output.Users, types.UserType{Username: aws.String(name), Enabled: true, UserStatus: types.UserStatusTypeConfirmed,
			Attributes: []types.AttributeType{{Name: aws.String("sub"), Value: aws.String("sub of " + name)}}})
	}
	return output
}

func TestTheTokenSaysWhetherMoreFollows(t *testing.T) {
	t.Parallel()
	api := &stub{pages: []*cognitoidentityprovider.ListUsersOutput{page("1", "alice"), page("2"), page("3"), page("", "bob")}}
	var names []string
	for got, err := range listing.New(api, "us-east-1_Pool").Pages(t.Context(), ports.ListRequest{Slice: "a", Position: "0"}) {
		if err != nil {
			t.Fatal(err)
		}
		for _, user := range got.Users {
			names = append(names, user.Username+", "+user.Sub)
		}
	}
	if !slices.Equal(names, []string{"alice, sub of alice", "bob, sub of bob"}) {
		t.Errorf("listed: %q", names)
	}
	if len(api.inputs) != 4 || aws.ToString(api.inputs[0].PaginationToken) != "0" {
		t.Errorf("%d requests", len(api.inputs))
	}
	for _, input := range api.inputs {
		if aws.ToString(input.Filter) != `sub ^= "a"` || len(input.AttributesToGet) > 0 {
			t.Errorf("asked by %q, for %q", aws.ToString(input.Filter), input.AttributesToGet)
		}
	}
}

func TestErrorsOfAListingAreThoseOfThePort(t *testing.T) {
	t.Parallel()
	for code, want := range map[string]error{
		"TooManyRequestsException":  ports.ErrThrottled,
		"NotAuthorizedException":    ports.ErrMisconfigured,
		"ResourceNotFoundException": ports.ErrMisconfigured,
		"InvalidParameterException": listing.ErrPosition,
		"InternalErrorException":    ports.ErrUnreachable,
	} {
		api := &stub{err: &smithy.GenericAPIError{Code: code, Message: "Invalid pagination token"}}
		for _, err := range listing.New(api, "us-east-1_Pool").DestinationPages(t.Context(), ports.ListRequest{}) {
			if !errors.Is(err, want) {
				t.Errorf("%s: got %v, want %v", code, err, want)
			}
		}
	}
}

func TestTheSlicesAreThoseOfTheFirstDigit(t *testing.T) {
	t.Parallel()
	if slices := listing.New(nil, "").Slices(); len(slices) != 16 || slices[0] != "0" || slices[15] != "f" {
		t.Errorf("%q", slices)
	}
}

// enabling takes AdminEnableUser.
type enabling struct {
	listing.API
	pool, user string
	err        error
}

func (e *enabling) AdminEnableUser(_ context.Context, input *cognitoidentityprovider.AdminEnableUserInput, _ ...func(*cognitoidentityprovider.Options)) (*cognitoidentityprovider.AdminEnableUserOutput, error) {
	e.pool, e.user = aws.ToString(input.UserPoolId), aws.ToString(input.Username)
	return nil, e.err
}

func TestAUserIsEnabledAgain(t *testing.T) {
	t.Parallel()
	api := &enabling{}
	if err := listing.New(api, "us-east-1_Pool").Enable(t.Context(), "alice"); err != nil || api.pool != "us-east-1_Pool" || api.user != "alice" {
		t.Errorf("got %v, %s, %s", err, api.pool, api.user)
	}
	api.err = &smithy.GenericAPIError{Code: "TooManyRequestsException"}
	if err := listing.New(api, "us-east-1_Pool").Enable(t.Context(), "alice"); !errors.Is(err, ports.ErrThrottled) {
		t.Errorf("got %v", err)
	}
}

// factors answers AdminGetUser.
type factors struct {
	listing.API
	answer cognitoidentityprovider.AdminGetUserOutput
}

func (f *factors) AdminGetUser(context.Context, *cognitoidentityprovider.AdminGetUserInput, ...func(*cognitoidentityprovider.Options)) (*cognitoidentityprovider.AdminGetUserOutput, error) {
	return &f.answer, nil
}

// Only the preferred factor decides whether a second factor can be carried, so the
// forecast must know it.
func TestTheForecastKnowsThePreferredFactor(t *testing.T) {
	t.Parallel()
	rules := domain.DefaultRules()
	rules.OnMFA, rules.DestinationMFA = domain.MFACarry, domain.DestinationMFA{Mode: domain.MFAOn, Methods: []domain.MFAMethod{domain.MFASMS}}
	for preferred, want := range map[string]domain.Reason{"SMS_MFA": domain.ReasonMFARequired, "SOFTWARE_TOKEN_MFA": domain.ReasonMFANotCarried, "": domain.ReasonMFARequired} {
		pool := listing.New(&factors{answer: cognitoidentityprovider.AdminGetUserOutput{
			UserMFASettingList: []string{"SMS_MFA", "SOFTWARE_TOKEN_MFA"}, PreferredMfaSetting: aws.String(preferred),
		}}, "us-east-1_Pool")
		user, err := pool.SecondFactors(t.Context(), domain.SourceUser{Username: "alice", Enabled: true, Attributes: domain.Attributes{"phone_number": "+819012345678", "phone_number_verified": "true"}})
		if err != nil || len(user.MFA) != 2 || user.Username != "alice" {
			t.Fatalf("%v, %v", user.MFA, err)
		}
		if forecast, _ := domain.ForecastOf(rules, user); forecast.SignIn.Reason != want {
			t.Errorf("preferred %q: %s, want %s", preferred, forecast.SignIn.Reason, want)
		}
	}
}
