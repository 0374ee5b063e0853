CREATE TABLE "_User" ("objectId" text PRIMARY KEY, "createdAt" timestamptz, username text UNIQUE, email text UNIQUE, "emailVerified" boolean, "authData" jsonb, _hashed_password text, _rperm text[], _wperm text[]);
{{range .}}INSERT INTO "_User" VALUES ('{{.N}}', now(), '{{.Name}}', '{{.Email}}', true, NULL, {{.SQL}}, NULL, NULL);
{{end}}
