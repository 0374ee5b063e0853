CREATE TABLE "user" (id text PRIMARY KEY, name text NOT NULL, email text NOT NULL UNIQUE, "emailVerified" boolean NOT NULL, image text);
CREATE TABLE account (id text PRIMARY KEY, "accountId" text NOT NULL, "providerId" text NOT NULL, "userId" text NOT NULL REFERENCES "user", password text);
{{range .}}INSERT INTO "user" VALUES ('{{.N}}', 'Hanako', '{{.Email}}', true, NULL);
INSERT INTO account VALUES ('a{{.N}}', '{{.N}}', 'credential', '{{.N}}', {{.SQL}});
INSERT INTO account VALUES ('g{{.N}}', 'g{{.N}}', 'google', '{{.N}}', NULL);
{{end}}
