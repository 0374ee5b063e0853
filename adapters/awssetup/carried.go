package awssetup

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// settings are those of a user pool as AWS returned them.
type settings struct {
	raw   map[string]any
	gives reflect.Type // the SDK's shape of the answer
	takes reflect.Type // the SDK's shape of the request that writes them
}

func poolSettings(raw map[string]any) settings {
	return settings{raw, reflect.TypeFor[types.UserPoolType](), reflect.TypeFor[cognitoidentityprovider.UpdateUserPoolInput]()}
}

func mfaSettings(raw map[string]any) settings {
	return settings{raw, reflect.TypeFor[cognitoidentityprovider.GetUserPoolMfaConfigOutput](), reflect.TypeFor[cognitoidentityprovider.SetUserPoolMfaConfigInput]()}
}

// unknown lists the settings without a field in the SDK's shape of the answer.
func (s settings) unknown() []string {
	var paths []string
	unknownIn(&paths, "", s.raw, s.gives)
	slices.Sort(paths)
	return paths
}

// carrying is an option of the call that writes the settings. Before the request is
// signed, it adds the settings for which the SDK has no field. Otherwise the call
// would reset them (cognito-facts 21).
func (s settings) carrying() func(*cognitoidentityprovider.Options) {
	return func(options *cognitoidentityprovider.Options) {
		options.APIOptions = append(options.APIOptions, func(stack *middleware.Stack) error {
			return stack.Build.Add(middleware.BuildMiddlewareFunc("carryUnknownSettings",
				func(ctx context.Context, input middleware.BuildInput, next middleware.BuildHandler) (middleware.BuildOutput, middleware.Metadata, error) {
					if err := addUnknown(&input, s); err != nil {
						return middleware.BuildOutput{}, middleware.Metadata{}, err
					}
					return next.HandleBuild(ctx, input)
				}), middleware.Before)
		})
	}
}

func addUnknown(input *middleware.BuildInput, s settings) error {
	request, ok := input.Request.(*smithyhttp.Request)
	if !ok {
		return errors.New("the request is not HTTP")
	}
	written, err := io.ReadAll(request.GetStream())
	if err != nil {
		return err
	}
	var body map[string]any
	if err := decodeNumbers(written, &body); err != nil {
		return err
	}
	s.merge(body)
	text, err := json.Marshal(body)
	if err != nil {
		return err
	}
	changed, err := request.SetStream(bytes.NewReader(text))
	if err != nil {
		return err
	}
	input.Request = changed
	return nil
}

// decodeNumbers decodes JSON and keeps numbers as they are written.
func decodeNumbers(text []byte, into any) error {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	return decoder.Decode(into)
}

// merge adds the settings for which the SDK has no field to a request. A field that
// the SDK has in the answer and not in the request is read-only.
func (s settings) merge(body map[string]any) {
	for name, value := range s.raw {
		field, known := s.gives.FieldByName(name)
		_, taken := s.takes.FieldByName(name)
		switch {
		case value == nil, known && !taken:
		case !known:
			body[name] = value
		default:
			mergeInto(body, name, value, field.Type)
		}
	}
}

// mergeInto adds the unknown settings below a known one.
func mergeInto(body map[string]any, name string, value any, shape reflect.Type) {
	if shape.Kind() == reflect.Pointer {
		shape = shape.Elem()
	}
	if elements, isList := value.([]any); isList && shape.Kind() == reflect.Slice {
		target, _ := body[name].([]any)
		for i, element := range elements {
			if i < len(target) { // the request has the same list, in the same order
				holder := map[string]any{"": target[i]}
				mergeInto(holder, "", element, shape.Elem())
				target[i] = holder[""]
			}
		}
		return
	}
	inner, isObject := value.(map[string]any)
	if !isObject || shape.Kind() != reflect.Struct {
		return
	}
	target, there := body[name].(map[string]any)
	if !there {
		target = make(map[string]any)
	}
	for key, deeper := range inner {
		switch field, known := shape.FieldByName(key); {
		case deeper == nil:
		case !known:
			target[key] = deeper
		default:
			mergeInto(target, key, deeper, field.Type)
		}
	}
	if there || len(target) > 0 {
		body[name] = target
	}
}

// flattenRaw writes the settings at these paths as paths and values.
func flattenRaw(pool map[string]any, paths []string) map[string]string {
	flat := make(map[string]string)
	for _, path := range paths {
		text, _ := json.Marshal(at(pool, path)) // it was decoded from JSON
		flat[path] = string(text)
	}
	return flat
}

// at returns the value at a path, such as A.B[0].C.
func at(value any, path string) any {
	for name := range strings.FieldsFuncSeq(path, func(r rune) bool { return r == '.' || r == '[' || r == ']' }) {
		switch inner := value.(type) {
		case map[string]any:
			value = inner[name]
		case []any:
			index := 0
			if _, err := fmt.Sscanf(name, "%d", &index); err != nil || index >= len(inner) {
				return nil
			}
			value = inner[index]
		default:
			return nil
		}
	}
	return value
}
