CREATE TABLE "user" (id integer PRIMARY KEY, email varchar(180) NOT NULL UNIQUE, roles json NOT NULL, password varchar(255) NOT NULL, is_verified boolean NOT NULL);
{{range .}}INSERT INTO "user" VALUES ({{.N}}, '{{.Email}}', '[]', {{.SQL}}, true);
{{end}}
