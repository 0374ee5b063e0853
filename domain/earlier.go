package domain

import (
	"slices"
	"strings"
)

// Names lists the identifiers by which the destination would know the user that
// the decision creates. An earlier source that knows one of them has the older
// claim to it; see [Decision.After]. A refusal has none.
//
//   - the username;
//   - each contact that is marked as verified: the destination may take it as an
//     alias;
//   - preferred_username, which may be an alias too;
//   - where the username is left to Cognito: what was typed, which Cognito then
//     uses, and every contact, because such a pool may sign in by it.
//
// A name with capitals is listed in lower case too: a case-insensitive
// destination takes the two for one name, and a case-sensitive source does not.
func (d Decision) Names(attempt Attempt) []string {
	if d.Verdict != Migrate {
		return nil
	}
	user := d.User
	own := user.Username
	if own == "" {
		own = attempt.Username
	}
	names := appendName(nil, own)
	if user.Username == "" || user.Attributes.hasVerifiedEmail() {
		names = appendName(names, user.Attributes[attributeEmail])
	}
	if user.Username == "" || user.Attributes.hasVerifiedPhone() {
		names = appendName(names, user.Attributes[attributePhone])
	}
	return appendName(names, user.Attributes[attributePreferredUsername])
}

func appendName(names []string, name string) []string {
	for _, spelling := range []string{name, strings.ToLower(name)} {
		if spelling != "" && !slices.Contains(names, spelling) {
			names = append(names, spelling)
		}
	}
	return names
}

// After returns the decision as it stands once the earlier sources were asked
// about its [Decision.Names]; the findings are theirs, in the order of the
// sources. Any finding but [UserUnknown] says that there is such a user, and
// nobody is created under that user's name. A source that looks nobody up cannot
// rule it out, which is refused too. The refusal names the earlier source.
func (d Decision) After(earlier []Finding) Decision {
	if d.Verdict != Migrate {
		return d
	}
	unsupported := -1
	for i, finding := range earlier {
		switch finding.Kind { //nolint:exhaustive // every other kind says that there is such a user
		case UserUnknown:
		case LookUpUnsupported:
			if unsupported < 0 {
				unsupported = i
			}
		default:
			return Decision{Reason: ReasonIdentityOfEarlierSource, Source: finding.Source, Challenge: d.Challenge}
		}
	}
	if unsupported >= 0 {
		return Decision{Reason: ReasonLookUpUnsupported, Source: earlier[unsupported].Source, Challenge: d.Challenge}
	}
	return d
}
