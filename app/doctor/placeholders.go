package doctor

import (
	"maps"
	"slices"
	"strings"

	"cognito-user-migration/domain"
)

// placeholders lists texts of the examples in deploy/examples and docs. They are
// published, so they protect nothing, or they name things that do not exist.
func placeholders() []string {
	return []string{
		"choose-your-own", "32-characters-or-more-of-your-own",
		"ap-northeast-1_AbCdEf123", "ap-northeast-1_GhIjKl456", "1example23456789", "2example23456789",
	}
}

// placeholdersIn names the variables that still have a value of the examples, each
// with what to do. No value is shown.
func placeholdersIn(environment map[string]domain.Secret) []string {
	var problems []string
	for _, name := range slices.Sorted(maps.Keys(environment)) {
		value := environment[name].Reveal()
		if slices.ContainsFunc(placeholders(), func(placeholder string) bool { return strings.Contains(value, placeholder) }) {
			problems = append(problems, name+": is the placeholder of the examples; set a value of your own")
		}
	}
	return problems
}
