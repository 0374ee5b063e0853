package rawjson_test

import (
	"encoding/json"
	"errors"
	"testing"

	"cognito-user-migration/adapters/internal/rawjson"
)

func TestJSONWithTwoReadingsIsNotDecoded(t *testing.T) {
	t.Parallel()
	type user struct {
		Name  string
		Inner map[string]any
	}
	var (
		intoStruct = func() any { return new(user) }
		intoMap    = func() any { return new(map[string]json.RawMessage) }
	)
	for name, row := range map[string]struct {
		text string
		into func() any
		want error
	}{
		"each member once":                             {`{"name":"a","inner":{"x":1,"y":[{"x":1}]}}`, intoStruct, nil},
		"null":                                         {` null `, intoStruct, nil},
		"a member twice":                               {`{"name":"a","name":"b"}`, intoStruct, rawjson.ErrAmbiguous},
		"a member twice, once escaped":                 {`{"name":"a","n\u0061me":"b"}`, intoStruct, rawjson.ErrAmbiguous},
		"a field in two letter cases":                  {`{"name":"a","Name":"b"}`, intoStruct, rawjson.ErrAmbiguous},
		"a key of a map in two letter cases":           {`{"name":1,"Name":2}`, intoMap, nil},
		"a key of a map twice":                         {`{"name":1,"name":2}`, intoMap, rawjson.ErrAmbiguous},
		"a member of an inner object twice":            {`{"inner":{"x":1,"x":2}}`, intoStruct, rawjson.ErrAmbiguous},
		"a member of an object in a list twice":        {`{"inner":{"x":[0,{"y":1,"y":2}]}}`, intoMap, rawjson.ErrAmbiguous},
		"an inner name in two letter cases":            {`{"inner":{"Dept":1,"dept":2}}`, intoStruct, nil},
		"text that is not UTF-8":                       {"{\"name\":\"Ren\xe9\"}", intoStruct, rawjson.ErrAmbiguous},
		"a name that is not UTF-8":                     {"{\"n\xe9\":1}", intoMap, rawjson.ErrAmbiguous},
		"half a surrogate pair":                        {`{"name":"\ud800"}`, intoStruct, rawjson.ErrAmbiguous},
		"a whole surrogate pair":                       {`{"name":"\ud83d\ude00"}`, intoStruct, nil},
		"the replacement character, as it was written": {`{"name":"\uFFFD"}`, intoStruct, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if err := rawjson.Unmarshal([]byte(row.text), row.into()); !errors.Is(err, row.want) {
				t.Errorf("got %v, want %v", err, row.want)
			}
		})
	}
	if err := rawjson.Unmarshal([]byte(`{"name":`), intoStruct()); err == nil || errors.Is(err, rawjson.ErrAmbiguous) {
		t.Errorf("broken JSON: got %v", err)
	}
}
