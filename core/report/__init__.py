"""What users take home besides data: a page that reports on runs, and a script that repeats one."""
