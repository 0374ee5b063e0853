// Package userpool reads users and schemas in Cognito's answers, for every adapter of a
// user pool. It imports domain and the SDK.
package userpool

import (
	"cmp"
	"strconv"
	"strings"

	"cognito-user-migration/domain"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
)

// SourceUser returns the source user in an answer of AdminGetUser (cognito-facts 26).
func SourceUser(answer *cognitoidentityprovider.AdminGetUserOutput) domain.SourceUser {
	attributes := attributesOf(answer.UserAttributes)
	user := domain.SourceUser{
		Username:     aws.ToString(answer.Username),
		Sub:          attributes["sub"],
		Status:       domain.UserStatus(answer.UserStatus),
		Enabled:      answer.Enabled,
		Attributes:   attributes,
		PreferredMFA: domain.MFAMethod(aws.ToString(answer.PreferredMfaSetting)),
	}
	for _, method := range answer.UserMFASettingList {
		user.MFA = append(user.MFA, domain.MFAMethod(method))
	}
	if len(user.MFA) == 0 {
		user.MFA = oldMFA(answer.MFAOptions)
	}
	return user
}

// DestinationUser returns the destination user in an answer of AdminGetUser.
func DestinationUser(answer *cognitoidentityprovider.AdminGetUserOutput) domain.DestinationUser {
	return domain.DestinationUser{
		Username:     aws.ToString(answer.Username),
		Status:       domain.UserStatus(answer.UserStatus),
		Enabled:      answer.Enabled,
		Attributes:   attributesOf(answer.UserAttributes),
		PreferredMFA: domain.MFAMethod(aws.ToString(answer.PreferredMfaSetting)),
		CreatedAt:    aws.ToTime(answer.UserCreateDate),
	}
}

// ListedSourceUser returns a source user in an answer of ListUsers. It has no second
// factors except in pools from before 2018.
func ListedSourceUser(listed *types.UserType) domain.SourceUser {
	attributes := attributesOf(listed.Attributes)
	user := domain.SourceUser{
		Username: aws.ToString(listed.Username), Sub: attributes["sub"],
		Status: domain.UserStatus(listed.UserStatus), Enabled: listed.Enabled,
		Attributes: attributes, MFA: oldMFA(listed.MFAOptions),
	}
	for _, name := range [...]string{preferredUsername, email, phoneNumber} {
		if value := attributes[name]; value != "" && signsInBy(user, name) {
			user.Identifiers = append(user.Identifiers, value)
		}
	}
	return user
}

// ListedDestinationUser returns a destination user in an answer of ListUsers.
func ListedDestinationUser(listed *types.UserType) domain.DestinationUser {
	return domain.DestinationUser{
		Username: aws.ToString(listed.Username), Status: domain.UserStatus(listed.UserStatus),
		Enabled: listed.Enabled, Attributes: attributesOf(listed.Attributes), CreatedAt: aws.ToTime(listed.UserCreateDate),
	}
}

// The attributes by which a user may sign in.
const (
	preferredUsername = "preferred_username"
	email             = "email"
	phoneNumber       = "phone_number"
)

// SignInNames returns the typed name if Cognito accepts it for this user and
// [domain.SourceUser.Owns] does not know that.
func SignInNames(user domain.SourceUser, typed string) []string {
	for _, name := range [...]string{preferredUsername, email, phoneNumber} {
		if typed != "" && strings.EqualFold(typed, user.Attributes[name]) && signsInBy(user, name) {
			return []string{typed}
		}
	}
	return nil
}

// signsInBy reports whether the user can sign in by an attribute, verified or not. A
// pool with email or phone sign-in generates usernames, which are the subs. Each of its
// contacts belongs to one user. In a pool with usernames, an email or phone alias works
// only once it is verified; preferred_username works at once.
func signsInBy(user domain.SourceUser, attribute string) bool {
	return attribute == preferredUsername || user.Username == user.Sub
}

// oldMFA returns the second factors of pools from before 2018, which are listed apart.
func oldMFA(options []types.MFAOptionType) []domain.MFAMethod {
	for _, option := range options {
		if option.DeliveryMedium == types.DeliveryMediumTypeSms {
			return []domain.MFAMethod{domain.MFASMS}
		}
	}
	return nil
}

func attributesOf(list []types.AttributeType) domain.Attributes {
	attributes := make(domain.Attributes, len(list))
	for _, attribute := range list {
		attributes[aws.ToString(attribute.Name)] = aws.ToString(attribute.Value)
	}
	return attributes
}

// SchemaAttribute returns an attribute of a pool's schema.
func SchemaAttribute(attribute types.SchemaAttributeType) domain.SchemaAttribute {
	read := domain.SchemaAttribute{
		Name: aws.ToString(attribute.Name), Type: domain.AttributeType(attribute.AttributeDataType), Required: aws.ToBool(attribute.Required),
	}
	if bounds := attribute.StringAttributeConstraints; bounds != nil {
		read.Least, read.Most = number(bounds.MinLength), number(bounds.MaxLength)
	}
	if bounds := attribute.NumberAttributeConstraints; bounds != nil {
		read.Least, read.Most = number(bounds.MinValue), number(bounds.MaxValue)
	}
	return read
}

// number reads a bound, or returns nil.
func number(text *string) *int64 {
	value, err := strconv.ParseInt(aws.ToString(text), 10, 64)
	if err != nil {
		return nil
	}
	return &value
}

// IsCaseSensitive reports whether usernames are case-sensitive. A pool that was created
// through the API is, by default (cognito-facts 4).
func IsCaseSensitive(pool *types.UserPoolType) bool {
	return pool.UsernameConfiguration == nil || aws.ToBool(cmp.Or(pool.UsernameConfiguration.CaseSensitive, aws.Bool(true)))
}
