CREATE TABLE auth_user (id integer PRIMARY KEY, password varchar(128) NOT NULL, last_login timestamptz, is_superuser boolean NOT NULL, username varchar(150) NOT NULL UNIQUE, first_name varchar(150) NOT NULL, last_name varchar(150) NOT NULL, email varchar(254) NOT NULL, is_staff boolean NOT NULL, is_active boolean NOT NULL, date_joined timestamptz NOT NULL);
CREATE TABLE auth_group (id integer PRIMARY KEY, name varchar(150) NOT NULL UNIQUE);
CREATE TABLE auth_user_groups (id integer PRIMARY KEY, user_id integer NOT NULL REFERENCES auth_user, group_id integer NOT NULL REFERENCES auth_group);
INSERT INTO auth_group VALUES (1, 'editors'), (2, 'staff');
{{range .}}INSERT INTO auth_user VALUES ({{.N}}, {{.SQL}}, NULL, false, '{{.Name}}', 'Hanako', 'Yamada', '{{.Email}}', false, true, now());
INSERT INTO auth_user_groups VALUES ({{.N}}, {{.N}}, 1), (1000 + {{.N}}, {{.N}}, 2);
{{end}}
