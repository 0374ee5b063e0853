package awssetup

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"reflect"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// flatten writes one of the SDK's shapes as paths and values. A missing value has no
// path. An empty text, list or structure counts as missing, because the service makes
// no difference.
func flatten(shape any) map[string]string {
	flat := make(map[string]string)
	flattenInto(flat, "", reflect.ValueOf(shape))
	return flat
}

func flattenInto(flat map[string]string, path string, value reflect.Value) {
	if at, ok := value.Interface().(time.Time); ok {
		flat[path] = at.UTC().Format(time.RFC3339Nano)
		return
	}
	switch value.Kind() { //nolint:exhaustive // the default is for every plain kind
	case reflect.Pointer:
		if value.IsNil() {
			return
		}
		if text, ok := value.Interface().(*string); ok && *text == "" {
			return
		}
		if inner := value.Elem(); inner.Kind() != reflect.Struct && inner.Kind() != reflect.String {
			flat[path] = fmt.Sprint(inner.Interface()) // false and 0 that AWS returned are values, not absences
			return
		}
		flattenInto(flat, path, value.Elem())
	case reflect.Struct:
		for i := range value.NumField() {
			if field := value.Type().Field(i); field.IsExported() {
				flattenInto(flat, join(path, field.Name), value.Field(i))
			}
		}
	case reflect.Slice:
		for i := range value.Len() {
			flattenInto(flat, fmt.Sprintf("%s[%d]", path, i), value.Index(i))
		}
	case reflect.Map:
		for _, key := range value.MapKeys() {
			flat[join(path, key.String())] = fmt.Sprint(value.MapIndex(key).Interface())
		}
	default:
		if !value.IsZero() {
			flat[path] = fmt.Sprint(value.Interface())
		}
	}
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

func prefixed(prefix string, flat map[string]string) map[string]string {
	with := make(map[string]string, len(flat))
	for path, value := range flat {
		if path != "UserPoolId" {
			with[prefix+path] = value
		}
	}
	return with
}

// diff lists the paths whose values differ.
func diff(from, to map[string]string) []string {
	paths := slices.Collect(maps.Keys(from))
	for path := range to {
		if _, there := from[path]; !there {
			paths = append(paths, path)
		}
	}
	slices.Sort(paths)
	var lines []string
	for _, path := range paths {
		was, had := from[path]
		is, has := to[path]
		if had && has && was == is {
			continue
		}
		if had {
			lines = append(lines, "- "+path+" = "+was)
		}
		if has {
			lines = append(lines, "+ "+path+" = "+is)
		}
	}
	return lines
}

// indented writes a request for the AWS CLI's --cli-input-json, without missing
// values.
func indented(shape any) ([]byte, error) {
	return json.MarshalIndent(present(reflect.ValueOf(shape)), "", "  ")
}

// present returns a shape without missing values, or nil if all are missing.
func present(value reflect.Value) any {
	switch value.Kind() { //nolint:exhaustive // the default is for every plain kind
	case reflect.Pointer:
		if value.IsNil() {
			return nil
		}
		if inner := value.Elem(); inner.Kind() != reflect.Struct {
			return inner.Interface()
		}
		return present(value.Elem())
	case reflect.Struct:
		fields := make(map[string]any)
		for i := range value.NumField() {
			if field := value.Type().Field(i); field.IsExported() {
				if inner := present(value.Field(i)); inner != nil {
					fields[field.Name] = inner
				}
			}
		}
		return fields
	case reflect.Slice:
		if value.Len() == 0 {
			return nil
		}
		list := make([]any, value.Len())
		for i := range list {
			list[i] = present(value.Index(i))
		}
		return list
	default:
		if value.IsZero() {
			return nil
		}
		return value.Interface()
	}
}

// rawAnswer is the answer of a call, with the members that the SDK drops.
type rawAnswer struct {
	body []byte
}

// keep is an option of one call. It reads the answer before the SDK does.
func (r *rawAnswer) keep(options *cognitoidentityprovider.Options) {
	options.APIOptions = append(options.APIOptions, func(stack *middleware.Stack) error {
		return stack.Deserialize.Add(middleware.DeserializeMiddlewareFunc("keepRawAnswer",
			func(ctx context.Context, input middleware.DeserializeInput, next middleware.DeserializeHandler) (middleware.DeserializeOutput, middleware.Metadata, error) {
				output, metadata, err := next.HandleDeserialize(ctx, input)
				response, ok := output.RawResponse.(*smithyhttp.Response)
				if err != nil || !ok || response.Body == nil {
					return output, metadata, err
				}
				body, err := io.ReadAll(response.Body)
				if err != nil {
					return output, metadata, err
				}
				r.body = body
				response.Body = replayed{bytes.NewReader(body), response.Body}
				return output, metadata, nil
			}), middleware.After)
	})
}

// replayed reads bytes again, and closes their source.
type replayed struct {
	io.Reader
	io.Closer
}

// object returns the JSON object of the answer. It returns nil for any other answer,
// for which the SDK has returned an error.
func (r *rawAnswer) object() map[string]any {
	var answer map[string]any
	if decodeNumbers(r.body, &answer) != nil {
		return nil
	}
	return answer
}

func unknownIn(paths *[]string, path string, value any, shape reflect.Type) {
	if shape.Kind() == reflect.Pointer {
		shape = shape.Elem()
	}
	switch value := value.(type) {
	case map[string]any:
		if shape.Kind() != reflect.Struct {
			return
		}
		for name, inner := range value {
			field, known := shape.FieldByName(name)
			switch {
			case inner == nil:
			case !known:
				*paths = append(*paths, join(path, name))
			default:
				unknownIn(paths, join(path, name), inner, field.Type)
			}
		}
	case []any:
		if shape.Kind() != reflect.Slice {
			return
		}
		for i, inner := range value {
			unknownIn(paths, fmt.Sprintf("%s[%d]", path, i), inner, shape.Elem())
		}
	}
}
