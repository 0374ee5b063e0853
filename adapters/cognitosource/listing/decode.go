package listing

import (
	"bytes"
	"context"
	"io"
	"net/http"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/aws/smithy-go/middleware"
	smithytime "github.com/aws/smithy-go/time"
	smithyhttp "github.com/aws/smithy-go/transport/http"
	"github.com/valyala/fastjson"
)

// fastPages decodes pages of ListUsers. The SDK decodes them through maps of
// interfaces, which takes more processor time than the rest of a listing. It
// leaves error responses and unknown forms to the SDK.
type fastPages struct {
	middleware.DeserializeMiddleware // the SDK's own
	parsers                          *fastjson.ParserPool
}

// withFastPages replaces the SDK's deserializer by fastPages.
func withFastPages() func(*middleware.Stack) error {
	parsers := &fastjson.ParserPool{}
	return func(stack *middleware.Stack) error {
		const position = "OperationDeserializer"
		own, there := stack.Deserialize.Get(position)
		if stack.ID() != "ListUsers" || !there {
			return nil
		}
		_, err := stack.Deserialize.Swap(position, &fastPages{own, parsers})
		return err
	}
}

// HandleDeserialize implements [middleware.DeserializeMiddleware].
func (q *fastPages) HandleDeserialize(ctx context.Context, in middleware.DeserializeInput, next middleware.DeserializeHandler) (middleware.DeserializeOutput, middleware.Metadata, error) {
	out, metadata, err := next.HandleDeserialize(ctx, in)
	if response, ok := out.RawResponse.(*smithyhttp.Response); err == nil && ok && response.StatusCode == http.StatusOK {
		var body bytes.Buffer
		if response.ContentLength > 0 {
			body.Grow(int(response.ContentLength) + bytes.MinRead) // ReadFrom needs free space at the end
		}
		if _, err := body.ReadFrom(response.Body); err == nil {
			parser := q.parsers.Get()
			page, ok := decode(parser, body.Bytes())
			q.parsers.Put(parser)
			if ok {
				out.Result = page
				return out, metadata, nil
			}
		}
		response.Body = struct {
			io.Reader
			io.Closer
		}{io.MultiReader(&body, response.Body), response.Body}
	}
	return q.DeserializeMiddleware.HandleDeserialize(ctx, in, middleware.DeserializeHandlerFunc(func(context.Context, middleware.DeserializeInput) (middleware.DeserializeOutput, middleware.Metadata, error) {
		return out, metadata, err
	}))
}

// decode reads a page. It returns false if a field has another type than in the
// API.
func decode(parser *fastjson.Parser, body []byte) (*cognitoidentityprovider.ListUsersOutput, bool) {
	document, err := parser.ParseBytes(body)
	if err != nil || document.Type() != fastjson.TypeObject {
		return nil, false
	}
	d := decoder{ok: true, names: make(map[string]*string)}
	page := &cognitoidentityprovider.ListUsersOutput{PaginationToken: d.text(document, "PaginationToken")}
	users := d.list(document, "Users")
	page.Users = make([]types.UserType, len(users))
	for i, value := range users {
		user := &page.Users[i]
		user.Username = d.text(value, "Username")
		user.UserStatus = types.UserStatusType(aws.ToString(d.name(value, "UserStatus")))
		user.Enabled = d.flag(value, "Enabled")
		if at := value.Get("UserCreateDate"); at != nil && at.Type() != fastjson.TypeNull {
			seconds, err := at.Float64()
			d.ok = d.ok && err == nil
			user.UserCreateDate = aws.Time(smithytime.ParseEpochSeconds(seconds))
		}
		attributes := d.list(value, "Attributes")
		user.Attributes = make([]types.AttributeType, len(attributes))
		for j, attribute := range attributes {
			user.Attributes[j] = types.AttributeType{Name: d.name(attribute, "Name"), Value: d.text(attribute, "Value")}
		}
		for _, option := range d.list(value, "MFAOptions") {
			user.MFAOptions = append(user.MFAOptions, types.MFAOptionType{
				AttributeName: d.text(option, "AttributeName"), DeliveryMedium: types.DeliveryMediumType(aws.ToString(d.text(option, "DeliveryMedium"))),
			})
		}
	}
	return page, d.ok
}

// decoder reads fields. It treats absent fields and null as the SDK does.
type decoder struct {
	ok bool
	// names are the texts that many users of a page have.
	names map[string]*string
}

func (d *decoder) field(of *fastjson.Value, name string, kind fastjson.Type) *fastjson.Value {
	value := of.Get(name)
	if value == nil || value.Type() == fastjson.TypeNull {
		return nil
	}
	if value.Type() != kind {
		d.ok = false
		return nil
	}
	return value
}

func (d *decoder) text(of *fastjson.Value, name string) *string {
	value := d.field(of, name, fastjson.TypeString)
	if value == nil {
		return nil
	}
	text := string(value.GetStringBytes())
	return &text
}

// name reads a text that many users of the page have.
func (d *decoder) name(of *fastjson.Value, name string) *string {
	value := d.field(of, name, fastjson.TypeString)
	if value == nil {
		return nil
	}
	bytes := value.GetStringBytes()
	if known := d.names[string(bytes)]; known != nil {
		return known
	}
	text := string(bytes)
	d.names[text] = &text
	return &text
}

func (d *decoder) list(of *fastjson.Value, name string) []*fastjson.Value {
	if value := d.field(of, name, fastjson.TypeArray); value != nil {
		return value.GetArray()
	}
	return nil
}

func (d *decoder) flag(of *fastjson.Value, name string) bool {
	value := of.Get(name)
	if value == nil || value.Type() == fastjson.TypeNull {
		return false
	}
	flag, err := value.Bool()
	d.ok = d.ok && err == nil
	return flag
}
