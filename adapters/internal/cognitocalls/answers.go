package cognitocalls

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"

	"cognito-user-migration/adapters/internal/rawjson"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// maxAnswer is the longest response in bytes: fifty attributes of 2 KB, or
// three tokens that contain them, with a large margin.
const maxAnswer = 4 << 20

// errNotRead is the error for a response without the members that the operation
// requires.
var errNotRead = errors.New("the response could not be parsed")

// answerReader replaces the SDK's middleware that reads an operation's
// response. The SDK allocates everything in the response twice, including three
// tokens of a kilobyte or more. Error responses still go to the SDK's
// middleware.
type answerReader struct {
	middleware.DeserializeMiddleware // the SDK's
	read                             func(answer []byte) (any, error)
}

// readBy is an option of a call: the given function reads the response.
func readBy(read func(answer []byte) (any, error)) func(*middleware.Stack) error {
	return func(stack *middleware.Stack) error {
		const id = "OperationDeserializer"
		sdks, found := stack.Deserialize.Get(id)
		if !found {
			return fmt.Errorf("the AWS SDK has no middleware %s", id)
		}
		_, err := stack.Deserialize.Swap(id, answerReader{sdks, read})
		return err
	}
}

// HandleDeserialize implements [middleware.DeserializeMiddleware].
func (a answerReader) HandleDeserialize(ctx context.Context, in middleware.DeserializeInput, next middleware.DeserializeHandler) (middleware.DeserializeOutput, middleware.Metadata, error) {
	out, metadata, err := next.HandleDeserialize(ctx, in)
	response, ok := out.RawResponse.(*smithyhttp.Response)
	if err != nil || !ok || response.StatusCode < 200 || response.StatusCode > 299 {
		return a.DeserializeMiddleware.HandleDeserialize(ctx, in, middleware.DeserializeHandlerFunc(
			func(context.Context, middleware.DeserializeInput) (middleware.DeserializeOutput, middleware.Metadata, error) {
				return out, metadata, err
			}))
	}
	answer, err := readAll(response)
	if err == nil {
		out.Result, err = a.read(answer)
	}
	if err != nil {
		return out, metadata, &smithy.DeserializationError{Err: err}
	}
	return out, metadata, nil
}

// readAll reads a response of known length at once.
func readAll(response *smithyhttp.Response) ([]byte, error) {
	if length := response.ContentLength; length >= 0 && length <= maxAnswer {
		answer := make([]byte, length)
		_, err := io.ReadFull(response.Body, answer)
		return answer, err
	}
	answer, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer+1))
	if len(answer) > maxAnswer {
		return nil, errNotRead
	}
	return answer, err
}

// reader reads the values of a response that is valid JSON. It records values
// of a wrong type. null counts as missing.
type reader struct {
	failed bool
}

// readAnswer reads the members of a response. An empty response has none, as in
// the SDK. It rejects trailing data after the JSON value, and a repeated member
// with a wrong type. The SDK accepts both.
func readAnswer(answer []byte, member func(r *reader, key string, value []byte)) error {
	answer = bytes.Trim(answer, " \t\r\n")
	if len(answer) == 0 {
		return nil
	}
	if !json.Valid(answer) {
		return errNotRead
	}
	r := new(reader)
	r.object(answer, func(key string, value []byte) { member(r, key, value) })
	if r.failed {
		return errNotRead
	}
	return nil
}

// object reads the members of an object, and reports whether the value is one.
func (r *reader) object(value []byte, member func(key string, value []byte)) bool {
	object, ok := rawjson.Members(value)
	if !ok {
		r.unless(rawjson.IsNull(value))
		return false
	}
	for object.Next() {
		member(object.Key, object.Value())
	}
	return true
}

// elements returns the elements of an array.
func (r *reader) elements(value []byte) iter.Seq[[]byte] {
	r.unless(rawjson.IsArray(value) || rawjson.IsNull(value))
	return rawjson.Elements(value)
}

// text reads a string, or returns nil.
func (r *reader) text(value []byte) *string {
	text, ok := rawjson.Text(value)
	if !ok {
		r.unless(rawjson.IsNull(value))
		return nil
	}
	return &text
}

// boolean reads true or false.
func (r *reader) boolean(value []byte) bool {
	r.unless(string(value) == "true" || string(value) == "false" || rawjson.IsNull(value))
	return string(value) == "true"
}

// filled reports whether the value is a non-empty string, without copying it.
func (r *reader) filled(value []byte) bool {
	is := len(value) > 0 && value[0] == '"'
	r.unless(is || rawjson.IsNull(value))
	return is && len(value) > len(`""`)
}

func (r *reader) unless(fine bool) {
	r.failed = r.failed || !fine
}

// readSignIn reads the used parts of AdminInitiateAuth's response: the
// challenge, or the ID token and whether there is an access token.
func readSignIn(answer []byte) (any, error) {
	read := new(signInAnswer)
	read.there = "there"
	return &read.AdminInitiateAuthOutput, readAnswer(answer, func(r *reader, key string, value []byte) {
		switch key {
		case "ChallengeName":
			read.ChallengeName = types.ChallengeNameType(aws.ToString(r.text(value)))
		case "AuthenticationResult":
			read.result = types.AuthenticationResultType{}
			is := r.object(value, func(key string, value []byte) {
				switch key {
				case "IdToken":
					read.result.IdToken = r.text(value)
				case "AccessToken":
					read.result.AccessToken = nil
					if r.filled(value) {
						read.result.AccessToken = &read.there
					}
				}
			})
			read.AuthenticationResult = nil
			if is {
				read.AuthenticationResult = &read.result
			}
		}
	})
}

// signInAnswer is the response in one allocation.
type signInAnswer struct {
	cognitoidentityprovider.AdminInitiateAuthOutput
	result types.AuthenticationResultType
	// there stands for an access token, whose text is never read.
	there string
}

// readProfile reads the used parts of AdminGetUser's response.
func readProfile(answer []byte) (any, error) {
	read := new(cognitoidentityprovider.AdminGetUserOutput)
	return read, readAnswer(answer, func(r *reader, key string, value []byte) {
		switch key {
		case "Enabled":
			read.Enabled = r.boolean(value)
		case "Username":
			read.Username = r.text(value)
		case "UserStatus":
			read.UserStatus = types.UserStatusType(aws.ToString(r.text(value)))
		case "PreferredMfaSetting":
			read.PreferredMfaSetting = r.text(value)
		case "UserMFASettingList":
			read.UserMFASettingList = nil
			for element := range r.elements(value) {
				read.UserMFASettingList = append(read.UserMFASettingList, aws.ToString(r.text(element)))
			}
		case "MFAOptions":
			read.MFAOptions = nil
			for element := range r.elements(value) {
				read.MFAOptions = append(read.MFAOptions, readMFAOption(r, element))
			}
		case "UserAttributes":
			read.UserAttributes = nil
			for element := range r.elements(value) {
				read.UserAttributes = append(read.UserAttributes, readAttribute(r, element))
			}
		}
	})
}

func readAttribute(r *reader, value []byte) (attribute types.AttributeType) {
	r.object(value, func(key string, value []byte) {
		switch key {
		case "Name":
			attribute.Name = r.text(value)
		case "Value":
			attribute.Value = r.text(value)
		}
	})
	return attribute
}

func readMFAOption(r *reader, value []byte) (option types.MFAOptionType) {
	r.object(value, func(key string, value []byte) {
		if key == "DeliveryMedium" {
			option.DeliveryMedium = types.DeliveryMediumType(aws.ToString(r.text(value)))
		}
	})
	return option
}
