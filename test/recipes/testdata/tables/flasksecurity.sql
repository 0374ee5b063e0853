CREATE TABLE "user" (id integer PRIMARY KEY, email varchar(255) NOT NULL UNIQUE, password varchar(255), active boolean NOT NULL, fs_uniquifier varchar(64) NOT NULL UNIQUE, confirmed_at timestamp, tf_primary_method varchar(64));
CREATE TABLE role (id integer PRIMARY KEY, name varchar(80) NOT NULL UNIQUE);
CREATE TABLE roles_users (user_id integer NOT NULL, role_id integer NOT NULL);
INSERT INTO role VALUES (1, 'editor');
{{range .}}INSERT INTO "user" VALUES ({{.N}}, '{{.Email}}', {{.SQL}}, true, 'u{{.N}}', now(), NULL);
INSERT INTO roles_users VALUES ({{.N}}, 1);
{{end}}