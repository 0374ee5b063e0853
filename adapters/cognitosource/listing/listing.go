// Package listing lists the users of source and destination user pools. Only
// the operator's tool uses it: the function needs neither the call nor the
// permission. It imports domain, ports and the SDK.
package listing

import (
	"context"
	"errors"
	"iter"
	"net/http"
	"slices"
	"strings"
	"time"

	"cognito-user-migration/adapters/internal/awsfault"
	"cognito-user-migration/adapters/internal/awsrole"
	"cognito-user-migration/adapters/internal/userpool"
	"cognito-user-migration/domain"
	"cognito-user-migration/ports"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
)

var _ ports.UserLister = (*Pool)(nil)

const adapter = "user pool"

// pageSize is the maximum number of users per page ("ListUsers", Amazon Cognito
// API Reference).
const pageSize = 60

// digits are the possible first characters of a sub.
const digits = "0123456789abcdef"

// API has the operations that are called.
type API interface {
	ListUsers(context.Context, *cognitoidentityprovider.ListUsersInput, ...func(*cognitoidentityprovider.Options)) (*cognitoidentityprovider.ListUsersOutput, error)
	DescribeUserPool(context.Context, *cognitoidentityprovider.DescribeUserPoolInput, ...func(*cognitoidentityprovider.Options)) (*cognitoidentityprovider.DescribeUserPoolOutput, error)
	ListGroups(context.Context, *cognitoidentityprovider.ListGroupsInput, ...func(*cognitoidentityprovider.Options)) (*cognitoidentityprovider.ListGroupsOutput, error)
	ListUsersInGroup(context.Context, *cognitoidentityprovider.ListUsersInGroupInput, ...func(*cognitoidentityprovider.Options)) (*cognitoidentityprovider.ListUsersInGroupOutput, error)
	AdminGetUser(context.Context, *cognitoidentityprovider.AdminGetUserInput, ...func(*cognitoidentityprovider.Options)) (*cognitoidentityprovider.AdminGetUserOutput, error)
	AdminEnableUser(context.Context, *cognitoidentityprovider.AdminEnableUserInput, ...func(*cognitoidentityprovider.Options)) (*cognitoidentityprovider.AdminEnableUserOutput, error)
}

// Pool is a user pool that can be listed.
type Pool struct {
	api    API
	poolID string
}

// New returns the user pool, listed with the given client.
func New(api API, poolID string) *Pool {
	return &Pool{api: api, poolID: poolID}
}

// callTimeout is the longest that one request may take: a network that never answers
// must not hold up a report. A page takes 100 to 200 ms.
const callTimeout = 5 * time.Second

// NewClient returns a client that sends each request once. The caller counts
// requests, and waits longer if the service throttles. The client keeps one
// connection per slice of both pools; the SDK's default is ten.
func NewClient(config aws.Config, region string) *cognitoidentityprovider.Client {
	return cognitoidentityprovider.NewFromConfig(config, func(o *cognitoidentityprovider.Options) {
		if region != "" {
			o.Region = region
		}
		o.Retryer = aws.NopRetryer{}
		if client, ok := o.HTTPClient.(*awshttp.BuildableClient); ok {
			o.HTTPClient = client.WithTimeout(callTimeout).
				WithTransportOptions(func(transport *http.Transport) { transport.MaxIdleConnsPerHost = 4 * len(digits) })
		}
		o.APIOptions = append(slices.Clone(o.APIOptions), withFastPages())
	})
}

// WithCredentials returns the configuration with credentials of the port.
func WithCredentials(config aws.Config, credentials ports.CredentialProvider) aws.Config {
	return awsrole.Config(config, credentials, "")
}

// Slices implements [ports.UserLister]. A slice has the users whose sub, a
// UUID, begins with one hexadecimal digit. AWS does not document that the
// slices are disjoint and complete, so a report compares them with a full
// listing.
func (p *Pool) Slices() []string {
	return strings.Split(digits, "")
}

// Pages implements [ports.UserLister]. An empty slice is the whole pool.
func (p *Pool) Pages(ctx context.Context, request ports.ListRequest) iter.Seq2[ports.UserPage, error] {
	return func(yield func(ports.UserPage, error) bool) {
		for page, err := range p.list(ctx, request) {
			if err != nil {
				yield(ports.UserPage{}, err)
				return
			}
			users := make([]domain.SourceUser, len(page.Users))
			for i := range page.Users {
				users[i] = userpool.ListedSourceUser(&page.Users[i])
			}
			if !yield(ports.UserPage{Users: users, Next: aws.ToString(page.PaginationToken)}, nil) {
				return
			}
		}
	}
}

// DestinationPage are some users of a destination.
type DestinationPage struct {
	Users []domain.DestinationUser
	// Next is the same as in [ports.UserPage].
	Next string
}

// DestinationPages lists the pool's users as those of a destination; see Pages.
func (p *Pool) DestinationPages(ctx context.Context, request ports.ListRequest) iter.Seq2[DestinationPage, error] {
	return func(yield func(DestinationPage, error) bool) {
		for page, err := range p.list(ctx, request) {
			if err != nil {
				yield(DestinationPage{}, err)
				return
			}
			users := make([]domain.DestinationUser, len(page.Users))
			for i := range page.Users {
				users[i] = userpool.ListedDestinationUser(&page.Users[i])
			}
			if !yield(DestinationPage{Users: users, Next: aws.ToString(page.PaginationToken)}, nil) {
				return
			}
		}
	}
}

// list follows the pagination token, not the length of pages: a page can be
// short or empty although more follow. It requests all attributes: if it named
// them, the service would return an error for a user without one of them.
func (p *Pool) list(ctx context.Context, request ports.ListRequest) iter.Seq2[*cognitoidentityprovider.ListUsersOutput, error] {
	input := &cognitoidentityprovider.ListUsersInput{UserPoolId: &p.poolID, Limit: aws.Int32(pageSize), PaginationToken: optional(request.Position)}
	if request.Slice != "" {
		input.Filter = aws.String(`sub ^= "` + request.Slice + `"`)
	}
	return func(yield func(*cognitoidentityprovider.ListUsersOutput, error) bool) {
		for {
			if err := request.Turn(ctx); err != nil {
				yield(nil, err)
				return
			}
			page, err := p.api.ListUsers(ctx, input)
			if err != nil {
				yield(nil, faultOf(ctx, "ListUsers", err))
				return
			}
			if !yield(page, nil) || aws.ToString(page.PaginationToken) == "" {
				return
			}
			input.PaginationToken = page.PaginationToken
		}
	}
}

// ErrPosition is returned if the position has expired. The slice must be listed
// again.
var ErrPosition = errors.New("the position in the listing is no longer valid")

func faultOf(ctx context.Context, operation string, err error) error {
	code, message := awsfault.Code(err)
	fault := awsfault.Of(ctx, adapter, operation, err)
	if code == "InvalidParameterException" && strings.Contains(strings.ToLower(message), "token") {
		return errors.Join(ErrPosition, fault)
	}
	return fault
}

// Facts are the pool's properties that a report needs.
type Facts struct {
	Name string
	// Estimated is the service's own estimate of the number of users.
	Estimated int
	// CaseSensitive is true if usernames are case-sensitive.
	CaseSensitive bool
	// SignsInByEmail and SignsInByPhone hold where an email address or phone number signs in, so
	// that each can belong to one user alone.
	SignsInByEmail, SignsInByPhone bool
	// UsernameIsEmail and UsernameIsPhone hold where it is the username, EmailIsAlias
	// and PhoneIsAlias where it signs in beside a username.
	UsernameIsEmail, UsernameIsPhone, EmailIsAlias, PhoneIsAlias bool
	// VerifiesEmail and VerifiesPhone hold where the pool verifies it automatically.
	VerifiesEmail, VerifiesPhone bool
	MFA                          domain.MFAMode
	Schema                       domain.Schema
}

// Facts reads the properties.
func (p *Pool) Facts(ctx context.Context) (Facts, error) {
	answer, err := p.api.DescribeUserPool(ctx, &cognitoidentityprovider.DescribeUserPoolInput{UserPoolId: &p.poolID})
	if err != nil {
		return Facts{}, faultOf(ctx, "DescribeUserPool", err)
	}
	if answer.UserPool == nil {
		return Facts{}, awsfault.Empty(adapter, "DescribeUserPool")
	}
	pool := answer.UserPool
	facts := Facts{Name: aws.ToString(pool.Name), Estimated: int(pool.EstimatedNumberOfUsers), CaseSensitive: userpool.IsCaseSensitive(pool)}
	facts.UsernameIsEmail = slices.Contains(pool.UsernameAttributes, types.UsernameAttributeTypeEmail)
	facts.UsernameIsPhone = slices.Contains(pool.UsernameAttributes, types.UsernameAttributeTypePhoneNumber)
	facts.EmailIsAlias = slices.Contains(pool.AliasAttributes, types.AliasAttributeTypeEmail)
	facts.PhoneIsAlias = slices.Contains(pool.AliasAttributes, types.AliasAttributeTypePhoneNumber)
	facts.SignsInByEmail = facts.UsernameIsEmail || facts.EmailIsAlias
	facts.SignsInByPhone = facts.UsernameIsPhone || facts.PhoneIsAlias
	facts.VerifiesEmail = slices.Contains(pool.AutoVerifiedAttributes, types.VerifiedAttributeTypeEmail)
	facts.VerifiesPhone = slices.Contains(pool.AutoVerifiedAttributes, types.VerifiedAttributeTypePhoneNumber)
	facts.MFA = domain.MFAMode(pool.MfaConfiguration)
	var attributes []domain.SchemaAttribute
	for _, attribute := range pool.SchemaAttributes {
		attributes = append(attributes, userpool.SchemaAttribute(attribute))
	}
	facts.Schema = domain.NewSchema(attributes...)
	return facts, nil
}

// SecondFactors returns the user with the second factors, which a listing does not
// contain.
func (p *Pool) SecondFactors(ctx context.Context, user domain.SourceUser) (domain.SourceUser, error) {
	answer, err := p.api.AdminGetUser(ctx, &cognitoidentityprovider.AdminGetUserInput{UserPoolId: &p.poolID, Username: &user.Username})
	if err != nil {
		return domain.SourceUser{}, faultOf(ctx, "AdminGetUser", err)
	}
	read := userpool.SourceUser(answer)
	user.MFA, user.PreferredMFA = read.MFA, read.PreferredMFA
	return user, nil
}

// Enable lets a user sign in again who was disabled by completion.
func (p *Pool) Enable(ctx context.Context, username string) error {
	_, err := p.api.AdminEnableUser(ctx, &cognitoidentityprovider.AdminEnableUserInput{UserPoolId: &p.poolID, Username: &username})
	if err != nil {
		return faultOf(ctx, "AdminEnableUser", err)
	}
	return nil
}

// GroupNames reads one page of the pool's groups, from the position given on.
func (p *Pool) GroupNames(ctx context.Context, position string) (names []string, next string, err error) {
	page, err := p.api.ListGroups(ctx, &cognitoidentityprovider.ListGroupsInput{UserPoolId: &p.poolID, Limit: aws.Int32(pageSize), NextToken: optional(position)})
	if err != nil {
		return nil, "", faultOf(ctx, "ListGroups", err)
	}
	for _, group := range page.Groups {
		names = append(names, aws.ToString(group.GroupName))
	}
	return names, aws.ToString(page.NextToken), nil
}

// GroupMembers reads one page of the usernames in a group.
func (p *Pool) GroupMembers(ctx context.Context, group, position string) (usernames []string, next string, err error) {
	page, err := p.api.ListUsersInGroup(ctx, &cognitoidentityprovider.ListUsersInGroupInput{UserPoolId: &p.poolID, GroupName: &group, Limit: aws.Int32(pageSize), NextToken: optional(position)})
	if err != nil {
		return nil, "", faultOf(ctx, "ListUsersInGroup", err)
	}
	for i := range page.Users {
		usernames = append(usernames, aws.ToString(page.Users[i].Username))
	}
	return usernames, aws.ToString(page.NextToken), nil
}

func optional(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}
