CREATE TABLE jos_users (id int PRIMARY KEY, name varchar(400) NOT NULL, username varchar(150) NOT NULL UNIQUE, email varchar(100) NOT NULL, password varchar(100) NOT NULL, block tinyint NOT NULL DEFAULT 0, requireReset tinyint NOT NULL DEFAULT 0);
CREATE TABLE jos_usergroups (id int unsigned PRIMARY KEY, title varchar(100) NOT NULL);
CREATE TABLE jos_user_usergroup_map (user_id int unsigned NOT NULL, group_id int unsigned NOT NULL);
CREATE TABLE jos_user_mfa (id int PRIMARY KEY, user_id int NOT NULL, method varchar(100) NOT NULL);
INSERT INTO jos_usergroups VALUES (2, 'Registered');
{{range .}}INSERT INTO jos_users VALUES ({{.N}}, 'Hanako', '{{.Name}}', '{{.Email}}', {{.SQL}}, 0, 0);
INSERT INTO jos_user_usergroup_map VALUES ({{.N}}, 2);
{{end}}
