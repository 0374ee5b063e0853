package cognitocalls

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/iotest"

	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// An answer is read whole or not at all, and none is longer than what the service
// could mean.
func TestAnAnswerIsReadWholeOrNotAtAll(t *testing.T) {
	t.Parallel()
	const text = `{"Username":"hanako"}`
	broken := errors.New("broken")
	whole := func(length int) io.Reader { return io.LimitReader(spaces{}, int64(length)) }
	for name, row := range map[string]struct {
		length int64 // as the header says, -1 where it does not
		body   io.Reader
		read   int
		want   error
	}{
		"of known length":                            {int64(len(text)), strings.NewReader(text), len(text), nil},
		"of known length, in pieces":                 {int64(len(text)), iotest.OneByteReader(strings.NewReader(text)), len(text), nil},
		"of unknown length":                          {-1, strings.NewReader(text), len(text), nil},
		"of unknown length, in pieces":               {-1, iotest.HalfReader(strings.NewReader(text)), len(text), nil},
		"empty":                                      {0, http.NoBody, 0, nil},
		"empty, of unknown length":                   {-1, http.NoBody, 0, nil},
		"shorter than it says":                       {int64(len(text)) + 1, strings.NewReader(text), 0, io.ErrUnexpectedEOF},
		"empty, though it says otherwise":            {5, http.NoBody, 0, io.EOF},
		"broken off":                                 {int64(len(text)), io.MultiReader(strings.NewReader(text[:9]), iotest.ErrReader(broken)), 0, broken},
		"broken off, of unknown length":              {-1, io.MultiReader(strings.NewReader(text), iotest.ErrReader(broken)), 0, broken},
		"as long as can be":                          {maxAnswer, whole(maxAnswer), maxAnswer, nil},
		"as long as can be, of unknown length":       {-1, whole(maxAnswer), maxAnswer, nil},
		"too long":                                   {maxAnswer + 1, whole(maxAnswer + 1), 0, errNotRead},
		"too long, of unknown length":                {-1, whole(maxAnswer + 1), 0, errNotRead},
		"without an end":                             {-1, spaces{}, 0, errNotRead},
		"without an end, as it says":                 {1 << 62, spaces{}, 0, errNotRead},
		"followed by what is none of it any more":    {int64(len(text)), io.MultiReader(strings.NewReader(text), spaces{}), len(text), nil},
		"an error after the last byte is none to it": {int64(len(text)), io.MultiReader(strings.NewReader(text), iotest.ErrReader(broken)), len(text), nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			answer, err := readAll(&smithyhttp.Response{Response: &http.Response{ContentLength: row.length, Body: io.NopCloser(row.body)}})
			if !errors.Is(err, row.want) {
				t.Fatalf("got %v, want %v", err, row.want)
			}
			if err == nil && len(answer) != row.read {
				t.Errorf("%d bytes are read, not %d", len(answer), row.read)
			}
			if err == nil && row.read == len(text) && string(answer) != text {
				t.Errorf("got %q", answer)
			}
		})
	}
}

// spaces never ends.
type spaces struct{}

// Read implements [io.Reader].
func (spaces) Read(into []byte) (int, error) {
	return copy(into, bytes.Repeat([]byte(" "), len(into))), nil
}
