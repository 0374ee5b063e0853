// Package everything lists all parts except tracing, which costs 16 MB and 2 to
// 3 ms of each start (docs/decisions/0014). The image's main, the operator's
// tool and the tests share this list, so a new source is one line here.
package everything

import (
	"cognito-user-migration/adapters/auditeventbridge"
	"cognito-user-migration/adapters/auditfirehose"
	"cognito-user-migration/adapters/awssecrets"
	"cognito-user-migration/adapters/cognitodestination"
	"cognito-user-migration/adapters/cognitosource"
	"cognito-user-migration/adapters/dynamolockout"
	"cognito-user-migration/adapters/dynamosource"
	"cognito-user-migration/adapters/filesource"
	"cognito-user-migration/adapters/firebasesource"
	"cognito-user-migration/adapters/httpsource"
	"cognito-user-migration/adapters/lambdasource"
	"cognito-user-migration/adapters/ldapsource"
	"cognito-user-migration/adapters/oidcsource"
	"cognito-user-migration/adapters/sqlsource"
	"cognito-user-migration/adapters/sqlsource/mysql"
	"cognito-user-migration/adapters/sqlsource/postgres"
	"cognito-user-migration/adapters/sqscompletion"
	"cognito-user-migration/adapters/stscredentials"
	"cognito-user-migration/app"
	"cognito-user-migration/ports/parts"
)

// Parts returns them for a process in this account.
func Parts(account *stscredentials.Account) app.Parts {
	return app.Parts{
		Sources: []parts.SourceKind{
			cognitosource.Kind(account),
			dynamosource.Kind(account),
			filesource.Kind(),
			firebasesource.Kind(),
			httpsource.Kind(),
			lambdasource.Kind(account),
			ldapsource.Kind(),
			oidcsource.Kind(),
			sqlsource.Kind(account, mysql.Driver(), postgres.Driver()),
		},
		Sinks: []parts.AuditSink{
			auditeventbridge.Part(account.Config),
			auditfirehose.Part(account.Config),
		},
		Completion: &parts.Completion{
			Queue:       sqscompletion.Part(account.Config),
			Destination: cognitodestination.Part(account.Config),
		},
		Lockout: dynamolockout.Part(account.Config),
		Secrets: awssecrets.Part(account.Config),
	}
}

// Examiners returns how each kind of source is examined. Only the operator's tool
// calls it.
func Examiners() []parts.Examiner {
	return []parts.Examiner{
		cognitosource.Examiner(),
		dynamosource.Examiner(),
		filesource.Examiner(),
		firebasesource.Examiner(),
		httpsource.Examiner(),
		lambdasource.Examiner(),
		ldapsource.Examiner(),
		oidcsource.Examiner(),
		sqlsource.Examiner(),
	}
}
