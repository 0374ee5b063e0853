package config

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"cognito-user-migration/domain"
)

// packedSettings is the variable that holds other variables.
type packedSettings struct {
	Variables domain.Secret `env:"SOURCE_VARIABLES" takes:"a JSON object of variables and their values, all in quotes" desc:"More variables in one: \u0060{\"SOURCE_KIND\": \"oidc\", \"SOURCE_ISSUER\": \"https://login.example.com\"}\u0060. The templates use it, because a template cannot have parameters for every kind of source. It may hold every variable of this page except those of \u0060CLAIMS_\u0060, and those of \u0060OTEL_\u0060. A variable that is set here and on its own is an error. Values may refer to secrets; the whole object may not."`
}

const variablePacked = "SOURCE_VARIABLES"

// familyTracing is the prefix of OpenTelemetry's variables, which its SDK reads
// (docs/tracing.md).
const familyTracing = "OTEL_"

// Unpack replaces SOURCE_VARIABLES, in an environment in the form of [os.Environ],
// by the variables that it holds. [Load] does the same by itself; Unpack is for a
// caller that looks at the variables one by one. With a problem, the result has all
// variables that can be used, and the error is an [*Error] with all problems.
func Unpack(environ []string) ([]string, error) {
	own := make(map[string]string)
	for _, variable := range environ {
		if name, value, _ := strings.Cut(variable, "="); value != "" {
			own[name] = value
		}
	}
	if own[variablePacked] == "" {
		return environ, nil
	}
	packed, problems := unpack(own)
	unpacked := slices.DeleteFunc(slices.Clone(environ), func(variable string) bool {
		name, _, _ := strings.Cut(variable, "=")
		_, replaced := packed[name]
		return replaced || name == variablePacked
	})
	for _, name := range slices.Sorted(maps.Keys(packed)) {
		unpacked = append(unpacked, name+"="+packed[name])
	}
	if len(problems) > 0 {
		return unpacked, &Error{Problems: problems}
	}
	return unpacked, nil
}

// unpack returns the variables in SOURCE_VARIABLES that can be used, and the
// problems of the others. A variable that is also set on its own cannot be used.
func unpack(own map[string]string) (packed map[string]string, problems []string) {
	packed, problems = readPacked(own[variablePacked])
	for name := range packed {
		if own[name] != "" {
			problems = append(problems, name+": is set on its own and in "+variablePacked+"; remove one")
			delete(packed, name)
		}
	}
	sources := packed["MIGRATE_SOURCES"]
	if sources == "" {
		sources = own["MIGRATE_SOURCES"]
	}
	families := familiesWith(sources)
	for name := range packed {
		if !slices.ContainsFunc(families, func(family string) bool { return strings.HasPrefix(name, family) }) {
			problems = append(problems, unknownFamily(name, families))
			delete(packed, name)
		}
	}
	slices.Sort(problems)
	return packed, problems
}

// readPacked reads the JSON object. An empty value counts as not set.
func readPacked(text string) (packed map[string]string, problems []string) {
	packed = make(map[string]string)
	seen := make(map[string]bool)
	malformed := func() (map[string]string, []string) {
		return nil, []string{variablePacked + `: expected a JSON object such as {"SOURCE_KIND": "oidc"}, with every name and value in quotes`}
	}
	decoder := json.NewDecoder(strings.NewReader(text))
	if opening, err := decoder.Token(); err != nil || opening != json.Delim('{') {
		return malformed()
	}
	for decoder.More() {
		key, err := decoder.Token()
		var value any
		if err != nil || decoder.Decode(&value) != nil {
			return malformed()
		}
		name, _ := key.(string)
		written, isText := value.(string)
		switch {
		case !isVariable(name):
			problems = append(problems, variablePacked+": expected names of capital letters, digits and underscores")
		case name == variablePacked:
			problems = append(problems, variablePacked+": expected other variables in it, not itself")
		case seen[name]:
			problems = append(problems, name+": is listed twice in "+variablePacked+"; remove one")
		case !isText:
			problems = append(problems, name+": expected a value in quotes in "+variablePacked)
		case strings.ContainsRune(written, 0):
			problems = append(problems, name+": expected a value without a zero byte in "+variablePacked)
		case written != "":
			packed[name] = written
		}
		seen[name] = true
	}
	if _, err := decoder.Token(); err != nil {
		return malformed()
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) { // something follows the object
		return malformed()
	}
	return packed, problems
}

// isVariable reports whether a name looks like a variable's. Any other text may be
// a value in the wrong place, so no error shows it.
func isVariable(name string) bool {
	return len(name) <= 128 && name != "" && name[0] >= 'A' && name[0] <= 'Z' && strings.Trim(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") == ""
}

// familiesWith returns the prefixes of the variables that the function reads, with
// those of the named sources.
func familiesWith(sources string) []string {
	families := []string{familyMigrate, familyAudit, familyCompletion, familyLockout, familyTracing}
	if sources == "" {
		return append(families, "SOURCE_")
	}
	for name := range strings.SplitSeq(sources, ",") {
		if name = strings.ToUpper(strings.TrimSpace(name)); isSourceName(name) {
			families = append(families, name+"_")
		}
	}
	return families
}

// unknownFamily returns the problem of a variable that begins with no known prefix.
// On its own, such a variable may be another program's; in SOURCE_VARIABLES it has
// no effect. It suggests the name with the nearest prefix, if one is near: of two, that of
// a source, which come last.
func unknownFamily(name string, families []string) string {
	suggestion, distance := "", farthestSuggestion
	for _, family := range families {
		for end := range len(name) {
			if name[end] != '_' {
				continue
			}
			if d := editDistance(name[:end+1], family); d <= distance && d <= len(family)/2 {
				suggestion, distance = family+name[end+1:], d
			}
		}
	}
	if suggestion != "" {
		return fmt.Sprintf(unknownPrefix+"%s; did you mean %s in %s?", name, suggestion, variablePacked)
	}
	return fmt.Sprintf(unknownPrefix+"%s; expected names in %s that begin with one of %s", name, variablePacked, strings.Join(families, ", "))
}
