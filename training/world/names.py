"""Names of invented people, by the region of their language."""

from __future__ import annotations

WOMEN: dict[str, tuple[str, ...]] = {
    "north": (
        "Asha", "Pooja", "Neha", "Priya", "Kavita", "Sunita", "Anjali", "Ritu", "Shweta", "Rekha",
        "Nisha", "Komal", "Preeti", "Mamta", "Jyoti", "Simran", "Shalini", "Deepika", "Archana",
        "Garima", "Sakshi", "Muskan", "Rani", "Shabnam", "Farah", "Nazia", "Harpreet", "Gurleen",
    ),
    "west": (
        "Sneha", "Vaishali", "Manisha", "Pallavi", "Ketaki", "Hetal", "Jinal", "Bhavna", "Komal",
        "Rupali", "Ashwini", "Mrunal", "Dhara", "Foram", "Tejal", "Swati", "Shital", "Prajakta",
    ),
    "south": (
        "Lakshmi", "Divya", "Kavya", "Meena", "Revathi", "Saranya", "Deepa", "Anitha", "Swathi",
        "Bhavani", "Sindhu", "Nandini", "Aishwarya", "Gayathri", "Fathima", "Anju", "Sreeja",
        "Padma",
    ),
    "east": (
        "Mousumi", "Sharmila", "Ananya", "Rupa", "Tanushree", "Sutapa", "Barnali", "Mitali",
        "Puja", "Snigdha", "Lipika", "Sasmita", "Itishree", "Rashmita", "Papori", "Debjani",
    ),
}  # fmt: skip
MEN: dict[str, tuple[str, ...]] = {
    "north": (
        "Rahul", "Amit", "Rohit", "Sandeep", "Vikas", "Sunil", "Rajesh", "Manoj", "Deepak", "Ankit",
        "Mohit", "Gaurav", "Vivek", "Pankaj", "Ravi", "Arjun", "Imran", "Salman", "Aman", "Harsh",
        "Shubham", "Ajay", "Vijay", "Suresh", "Naveen", "Gurpreet", "Manpreet", "Faizan", "Irfan",
    ),
    "west": (
        "Sachin", "Nilesh", "Ganesh", "Mahesh", "Jignesh", "Hardik", "Chirag", "Kunal", "Omkar",
        "Swapnil", "Tushar", "Vishal", "Parth", "Dhruv", "Akshay", "Prasad", "Mayur", "Yash",
    ),
    "south": (
        "Karthik", "Suresh", "Ramesh", "Prakash", "Venkatesh", "Srinivas", "Harish", "Manjunath",
        "Arun", "Vignesh", "Naresh", "Raghu", "Anil", "Mohammed", "Joseph", "Praveen", "Siva",
        "Ashok",
    ),
    "east": (
        "Subhash", "Sourav", "Anirban", "Debasish", "Bikash", "Tapan", "Sanjib", "Abhijit",
        "Prasenjit",
        "Rakesh", "Biswajit", "Soumya", "Dipak", "Manas", "Hemanta", "Pranab", "Jyotirmoy",
        "Partha",
    ),
}  # fmt: skip
SURNAMES: dict[str, tuple[str, ...]] = {
    "north": (
        "Sharma", "Verma", "Gupta", "Singh", "Kumar", "Yadav", "Mishra", "Pandey", "Tiwari", "Jain",
        "Agarwal", "Chauhan", "Rajput", "Khan", "Ansari", "Kaur", "Gill", "Meena", "Saini",
        "Thakur",
        "Srivastava", "Dubey", "Rathore", "Malik", "Bansal", "Joshi", "Negi", "Rawat", "Maurya",
        "Kashyap",
    ),
    "west": (
        "Patil", "Deshmukh", "Kulkarni", "Jadhav", "Pawar", "More", "Shinde", "Patel", "Shah",
        "Mehta",
        "Desai", "Parmar", "Solanki", "Chavan", "Naik", "Gaikwad", "Trivedi", "Bhosale", "Shaikh",
        "Rane",
    ),
    "south": (
        "Reddy", "Rao", "Naidu", "Nair", "Menon", "Pillai", "Iyer", "Gowda", "Shetty", "Hegde",
        "Kumar",
        "Raj", "Krishnan", "Subramanian", "Murthy", "Varma", "Thomas", "Babu", "Chowdary", "Basha",
    ),
    "east": (
        "Das", "Ghosh", "Banerjee", "Mukherjee", "Chatterjee", "Roy", "Sarkar", "Mondal", "Dutta",
        "Bose",
        "Sahoo", "Behera", "Nayak", "Mohanty", "Panda", "Bora", "Kalita", "Saikia", "Gogoi",
        "Biswas",
    ),
}  # fmt: skip
REGION_OF_LANGUAGE = {
    "hi": "north", "pa": "north", "ur": "north", "en": "east", "mr": "west", "gu": "west",
    "ta": "south", "te": "south", "kn": "south", "ml": "south", "bn": "east", "or": "east",
    "as": "east",
}  # fmt: skip
NOT_A_NAME = (
    "test",
    "asdf",
    "abc xyz",
    "xyz",
    "aaa",
    "customer",
    "no name",
    "qwerty",
    "dfg hjk",
    "Mr X",
)
