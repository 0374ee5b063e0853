package domain

import (
	"slices"
	"strings"
)

// Names lists the identifiers by which the destination would know the new user.
// If an earlier source knows one of them, its user has the older claim to it;
// see [Decision.After]. A refusal has none.
//
//   - the username;
//   - each contact that is marked as verified: the destination may use it as an
//     alias;
//   - preferred_username, which may be an alias too;
//   - if Cognito chooses the username: the typed identifier, which Cognito then
//     uses, and every contact, because such a pool may sign users in by it.
//
// A name with capital letters is also listed in lower case. A case-insensitive
// destination treats both as one name, and a case-sensitive source does not.
func (d Decision) Names(attempt Attempt) []string {
	if d.Verdict != Migrate {
		return nil
	}
	user := d.User
	names := appendName(nil, d.createdName(attempt))
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

// After returns the decision after the earlier sources were asked about its
// [Decision.Names]. The findings are in the order of the sources. Any finding
// except [UserUnknown] means that the name may be another user's, so the
// decision becomes a refusal that names the earlier source. This includes a
// source that cannot look users up.
func (d Decision) After(earlier []Finding) Decision {
	if d.Verdict != Migrate {
		return d
	}
	unsupported := -1
	for i, finding := range earlier {
		switch finding.Kind { //nolint:exhaustive // with every other kind, such a user may exist
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
