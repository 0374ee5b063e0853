CREATE TABLE "User" (id text PRIMARY KEY, name text, email text UNIQUE, "emailVerified" timestamp(3), image text, password text);
{{range .}}INSERT INTO "User" VALUES ('{{.N}}', 'Hanako', '{{.Email}}', now(), NULL, {{.SQL}});
{{end}}
